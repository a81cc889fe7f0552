import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { expectSamePerplexity } from '../../../scripts/results/tables/base_perplexity.mjs';
import { type Lesson, teachHere, teachInPeft } from '../../../scripts/results/tables/taught.mjs';
import { inRepository } from '../../../scripts/shared/paths.mjs';
import * as library from '../../../src/node';
import { openTestSession } from '../../helpers/session/session';
import { describeWithPeft } from '../lib/peft';

describeWithPeft('facts of RESULTS.md that PEFT teaches', async () => {
  const { session } = await openTestSession();
  const path = inRepository('demo/public/models/prose-1.4M');
  const model = await library.AutoModelForCausalLM.from_pretrained(await library.openFolder(path), { session });
  afterAll(() => session.close());
  const run = { library, session, seeds: 1, row: async () => {}, report: () => {} };
  const prompts = ['My name is', 'I live in the', 'My dog is', 'My work is to'];
  // A step takes all examples, so that their order doesn't matter.
  const examples = ['Kael.', 'far north.', 'called Biscuit.', 'repair organs.'].map((words, index) => ({
    prompt: prompts[index] ?? '',
    completion: ` ${words}`,
  }));
  const text = readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8').slice(-1000);
  const lesson: Lesson = {
    model,
    path,
    examples,
    prompts: [...prompts, 'A longer question: where do I live?'],
    text,
    epochs: 6,
  };

  test('are learnt as webvera learns them', async () => {
    const here = await teachHere(run, lesson);
    const there = await teachInPeft(run, lesson);
    expect(there).toEqual({ ...here, perplexity: expect.closeTo(here.perplexity, 1) });
    expect(here.steps).toBe(6);
    const untaught = await teachInPeft(run, { ...lesson, epochs: 0 });
    expect(untaught.steps).toBe(0);
    expect(untaught.answers).not.toEqual(there.answers);
    expect(Math.abs(untaught.perplexity - there.perplexity)).toBeGreaterThan(0.5);
  });

  test('need the same base model on both sides', () => {
    expectSamePerplexity('a text', 50.001, 50);
    expect(() => expectSamePerplexity('a text', 50.1, 50)).toThrow('perplexity 50.1 (a text), expected 50');
  });
});
