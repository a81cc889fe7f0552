import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AutoModelForCausalLM, get_peft_model, type PreTrainedModel, VeraConfig } from '../../src/index';
import { openFolder } from '../../src/node/folder';
import { openTestSession, type TestSession } from '../helpers/session/session';
import { Folders } from './lib/folders';
import { describeWithPeft, Peft } from './lib/peft';
import { runPython } from './lib/python';
import { expectSameLosses, expectSamePass } from './lib/same';
import { trainHere } from './lib/training';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

describeWithPeft('a folder as facebook/opt-125m’s main branch has it', () => {
  const folder = new Folders().make();
  const peft = new Peft();
  let opened: TestSession | undefined;
  let texts: readonly (readonly [text: string, ids: readonly number[]])[];
  let base: PreTrainedModel;
  beforeAll(async () => {
    const book = path('../../demo/public/text/moby-dick.txt');
    const { code, output } = await runPython(folder, [path('python/opt_folder.py'), folder, book]);
    expect(code, output).toBe(0);
    // The result is the last line, because transformers also prints lines.
    texts = JSON.parse(output.trim().split('\n').at(-1) ?? '');
    opened = await openTestSession();
    base = await AutoModelForCausalLM.from_pretrained(await openFolder(folder), { session: opened.session });
  }, 240_000);
  afterAll(async () => {
    peft.close();
    await opened?.session.close();
  });

  test('gives the ids of transformers’ tokenizer', async () => {
    for (const [text, ids] of texts) expect(await base.tokenizer?.encode(text), text).toEqual(ids);
    expect(texts.length).toBeGreaterThan(3);
  });

  test('runs the first example of PEFT’s page, computes and writes as transformers does, and learns as PEFT does', async () => {
    const ids = [...((await base.tokenizer?.encode('Call me Ishmael. Some years ago, never mind how long')) ?? [])];
    const batch = { input_ids: [ids], attention_mask: [ids.map(() => 1)], labels: [ids] };
    await expectSamePass(base, batch, peft, folder);

    const config = new VeraConfig({ r: 128 });
    const model = await get_peft_model(base, config);
    const args = { learning_rate: 2e-2, max_steps: 4, save_strategy: 'no' as const };
    const training = { base: folder, config: { r: 128 }, batches: [batch], learning_rate: 2e-2, steps: 4 };
    const { losses } = await peft.train(training);
    const ours = await trainHere(model, [batch], args);
    expect(ours).toHaveLength(4);
    expect(losses[3]).toBeLessThan(losses[0]! - 0.01);
    expectSameLosses(ours, losses);
  });
});
