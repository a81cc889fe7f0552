import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GenerationConfig, PreTrainedModel } from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { loadTinyVera, tinyConfig, tinyRow } from '../../helpers/models/tiny_llama';
import { openTestSession, type TestSession } from '../../helpers/session/session';
import { penalised } from '../../reference/sampling';

const V = tinyConfig.vocab_size;

let opened: TestSession;
let model: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  model = await loadTinyVera(opened);
});
afterAll(() => opened.session.close());

async function generated(prompt: readonly number[], config: GenerationConfig = {}): Promise<number[]> {
  return idsOf(model.generate(prompt, { eos_token_id: null, ...config }));
}

/** Returns the most likely token after `ids`, computed by a whole forward pass without a cache. */
async function likeliest(ids: readonly number[], penalty = 1): Promise<number> {
  const { logits } = await model.forward({ input_ids: [ids] });
  const last = logits.data.slice((ids.length - 1) * V);
  for (const id of new Set(ids)) last[id] = penalised(last[id]!, penalty);
  return last.indexOf(Math.max(...last));
}

test.each([1, 5, 63, 64, 65, 130])(
  'greedy text after %i tokens equals that of passes without a cache',
  async (length) => {
    const { input_ids } = tinyRow(length, length);
    const tokens = await generated(input_ids, { max_new_tokens: 4 });
    const expected: number[] = [];
    while (expected.length < 4) expected.push(await likeliest([...input_ids, ...expected]));
    expect(tokens).toEqual(expected);
  },
);

test.each([1, 9, 70])('a penalty counts the prompt of %i tokens and the new text', async (length) => {
  const { input_ids } = tinyRow(length, length);
  const free = await generated(input_ids, { max_new_tokens: 12 });
  // The second text reuses the buffers of the first.
  for (const repetition_penalty of [1.7, 1.02]) {
    const expected: number[] = [];
    while (expected.length < 12) expected.push(await likeliest([...input_ids, ...expected], repetition_penalty));
    expect(await generated(input_ids, { max_new_tokens: 12, repetition_penalty })).toEqual(expected);
    if (repetition_penalty > 1.5) expect(expected).not.toEqual(free);
  }
  expect(await generated(input_ids, { max_new_tokens: 12 })).toEqual(free);
});

test('a smaller top_p allows fewer tokens, down to the likeliest', async () => {
  const prompt = tinyRow(8, 2).input_ids;
  const sampled = (config: GenerationConfig) =>
    generated(prompt, { max_new_tokens: 30, do_sample: true, temperature: 2, top_k: 0, ...config });
  const all = await sampled({});
  expect(await sampled({ top_p: 1 })).toEqual(all);
  expect(await sampled({ top_p: 0.3 })).not.toEqual(all);
  expect(await sampled({ top_p: 0.3, top_k: 5 })).toEqual(await sampled({ top_p: 0.3, top_k: 5 }));
  expect(await sampled({ top_p: 1e-9 })).toEqual(await generated(prompt, { max_new_tokens: 30 }));
});

test('stops after an end token, which is reported too', async () => {
  const prompt = tinyRow(6, 3).input_ids;
  const free = await generated(prompt, { max_new_tokens: 12, do_sample: true, seed: 5 });
  const end = free[4]!;
  const upTo = free.indexOf(end) + 1;
  for (const eos_token_id of [end, [31, end]]) {
    const tokens = await generated(prompt, { max_new_tokens: 12, do_sample: true, seed: 5, eos_token_id });
    expect(tokens.slice(0, upTo)).toEqual(free.slice(0, upTo));
    expect([end, 31]).toContain(tokens.at(-1));
  }
});

test('a seed gives the same text again, another seed another one; top_k 1 is greedy', async () => {
  const prompt = tinyRow(8, 1).input_ids;
  const sampled = (seed: number, config: GenerationConfig = {}) =>
    generated(prompt, { max_new_tokens: 24, do_sample: true, seed, ...config });
  const first = await sampled(1);
  expect(await sampled(1)).toEqual(first);
  expect(await sampled(2)).not.toEqual(first);
  const greedy = await generated(prompt, { max_new_tokens: 24 });
  expect(await sampled(1, { top_k: 1 })).toEqual(greedy);
  expect(await sampled(1, { temperature: 1e-4 })).toEqual(greedy);
});

test('ends where the model’s positions end', async () => {
  expect(await generated(tinyRow(509).input_ids, { max_new_tokens: 50 })).toHaveLength(3);
});

test('texts that are requested together are generated in turn', async () => {
  const prompts = [tinyRow(4, 1), tinyRow(90, 2), tinyRow(7, 3)];
  const alone = [];
  for (const { input_ids } of prompts) alone.push(await generated(input_ids, { max_new_tokens: 6 }));
  const together = prompts.map(({ input_ids }) => generated(input_ids, { max_new_tokens: 6 }));
  expect(await Promise.all(together)).toEqual(alone);
});

test('aborting rejects with the reason; reported tokens remain, and the next text works', async () => {
  const prompt = tinyRow(5).input_ids;
  const expected = await generated(prompt, { max_new_tokens: 5 });
  const controller = new AbortController();
  const reason = new Error('enough');
  const generation = model.generate(prompt, { max_new_tokens: 400, eos_token_id: null, signal: controller.signal });
  const tokens: number[] = [];
  const reading = (async () => {
    for await (const { token_id } of generation) {
      tokens.push(token_id);
      if (tokens.length === 3) controller.abort(reason);
    }
  })();
  await expect(reading).rejects.toBe(reason);
  await expect(Promise.resolve(generation)).rejects.toBe(reason);
  expect(tokens.slice(0, 3)).toEqual(expected.slice(0, 3));
  expect(tokens.length).toBeLessThan(400);
  expect(await generated(prompt, { max_new_tokens: 5 })).toEqual(expected);
});

test('leaving the loop early does not disturb the next text', async () => {
  const prompt = tinyRow(5).input_ids;
  const expected = await generated(prompt, { max_new_tokens: 5 });
  for await (const _ of model.generate(prompt, { max_new_tokens: 40, eos_token_id: null })) break;
  expect(await generated(prompt, { max_new_tokens: 5 })).toEqual(expected);
});
