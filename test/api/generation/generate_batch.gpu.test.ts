import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  type BatchGenerationConfig,
  type GenerationConfig,
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { folderFiles } from '../../helpers/golden/golden';
import { randomAdapter } from '../../helpers/models/random_adapter';
import { smallWriter } from '../../helpers/models/small_writer';
import { tinyFiles, tinyRow } from '../../helpers/models/tiny_llama';
import { testInAll } from '../../helpers/ring';
import { openTestSession, type TestSession } from '../../helpers/session/session';

const BASE = '__base__';
/** Configurations with different keys, ranks and targets; two of them share A and B. */
const configs: readonly VeraConfigInit[] = [
  { r: 8, target_modules: ['q_proj', 'v_proj'] },
  { r: 8, target_modules: ['q_proj', 'v_proj'], projection_prng_key: 7 },
  { r: 3, target_modules: 'all-linear' },
  { r: 16, target_modules: ['down_proj'], projection_prng_key: 7, save_projection: false },
  { r: 8, target_modules: ['q_proj', 'k_proj', 'up_proj'], layers_to_transform: [1] },
  { r: 8, target_modules: ['gate_proj', 'down_proj', 'o_proj'] },
  { r: 8, target_modules: ['q_proj', 'v_proj'], projection_prng_key: 7 },
  { r: 5, target_modules: ['o_proj'], projection_prng_key: 9 },
];
const NAMES = configs.map((_, index) => `a${index}`);
/** Prompt lengths that are padded to the bucket lengths 16, 64 and 128. With eight new tokens, four of the rows reach the next bucket. */
const LENGTHS = [1, 5, 63, 64, 65, 13, 125, 2];
const ENOUGH = 8;
const PROMPTS = LENGTHS.map((length, row) => tinyRow(length, 40 + row).input_ids);

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());
let base: PreTrainedModel;
beforeEach(async () => {
  expect(opened.liveBytes()).toBe(0);
  base = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session });
});
afterEach(() => base.dispose());

async function withAdapters(over: PreTrainedModel, inits: readonly VeraConfigInit[]): Promise<VeraModel> {
  let model: VeraModel | undefined;
  for (const [index, init] of inits.entries()) {
    const files = await randomAdapter(over, new VeraConfig(init), 1 + index);
    const adapter_name = `a${index}`;
    if (model === undefined) model = await VeraModel.from_pretrained(over, files, { adapter_name });
    else await model.load_adapter(files, adapter_name);
  }
  return model!;
}

async function alone(
  model: PreTrainedModel,
  prompt: readonly number[],
  config: GenerationConfig = {},
): Promise<number[]> {
  return idsOf(model.generate(prompt, { eos_token_id: null, ...config }));
}

async function together(
  model: PreTrainedModel,
  prompts: readonly (readonly number[])[],
  config: BatchGenerationConfig = {},
): Promise<number[][]> {
  const rows = prompts.map((): number[] => []);
  for await (const { row, token_id } of model.generate_batch(prompts, { eos_token_id: null, ...config })) {
    rows[row]?.push(token_id);
  }
  return rows;
}

/** Generates each row alone, and returns its new tokens. */
async function oneByOne(
  model: PreTrainedModel,
  prompts: readonly (readonly number[])[],
  { adapter_names, ...config }: BatchGenerationConfig = {},
): Promise<number[][]> {
  const rows: number[][] = [];
  for (const [row, prompt] of prompts.entries()) {
    const adapter_name = adapter_names?.[row];
    rows.push(await alone(model, prompt, { ...config, ...(adapter_name !== undefined && { adapter_name }) }));
  }
  return rows;
}

describe('eight prompts of eight lengths', () => {
  test('give what they give one by one', async () => {
    const config = { max_new_tokens: ENOUGH };
    expect(await together(base, PROMPTS, config)).toEqual(await oneByOne(base, PROMPTS, config));
  });

  testInAll('with an adapter each', async () => {
    const model = await withAdapters(base, configs);
    const config = { max_new_tokens: ENOUGH, adapter_names: NAMES };
    const rows = await together(model, PROMPTS, config);
    expect(rows).toEqual(await oneByOne(model, PROMPTS, config));
    expect(rows).not.toEqual(await together(model, PROMPTS, { ...config, adapter_names: NAMES.toReversed() }));
    expect(model.active_adapters).toEqual(['a0']);
    // All rows use the active adapter, another adapter, or the base model alone.
    for (const other of [{}, { adapter_name: 'a2' }, { adapter_names: NAMES.map(() => BASE) }]) {
      expect(await together(model, PROMPTS, { ...other, max_new_tokens: 6 })).toEqual(
        await oneByOne(model, PROMPTS, { ...other, max_new_tokens: 6 }),
      );
    }
  });

  test.each([{}, { top_p: 0.9, repetition_penalty: 1.2 }])('sampled: row r as alone with seed + r, %j', async (cut) => {
    const model = await withAdapters(base, configs.slice(0, 3));
    const adapter_names = ['a0', 'a1', 'a2', BASE, 'a2', 'a0', 'a0', BASE];
    const config = { max_new_tokens: 10, do_sample: true, top_k: 9, temperature: 1.5, seed: 2 ** 32 - 3, ...cut };
    const rows = await together(model, PROMPTS, { ...config, adapter_names });
    const expected: number[][] = [];
    for (const [row, prompt] of PROMPTS.entries()) {
      const adapter_name = adapter_names[row]!;
      expected.push(await alone(model, prompt, { ...config, adapter_name, seed: config.seed + row }));
    }
    expect(rows).toEqual(expected);
    const [first, second] = await together(model, [PROMPTS[0]!, PROMPTS[0]!], config);
    expect(first).not.toEqual(second);
  });
});

test.each([1, 2, 3, 4, 5, 9, 17])('%i rows', async (B) => {
  const model = await withAdapters(base, configs.slice(0, 2));
  const prompts = Array.from({ length: B }, (_, row) => tinyRow(1 + ((7 * row) % 20), row).input_ids);
  const config = { max_new_tokens: 5, adapter_names: prompts.map((_, row) => ['a1', BASE, 'a0'][row % 3]!) };
  expect(await together(model, prompts, config)).toEqual(await oneByOne(model, prompts, config));
});

test('rows end with their own end token, and the others continue', async () => {
  const free = await oneByOne(base, PROMPTS, { max_new_tokens: 30, do_sample: true, seed: 1 });
  const config = { max_new_tokens: 30, do_sample: true, seed: 1, eos_token_id: [5, 9] };
  const batch = base.generate_batch(PROMPTS, config);
  const rows = PROMPTS.map((): number[] => []);
  for await (const { row, token_id, text } of batch) {
    rows[row]!.push(token_id);
    expect(text).toBe('');
  }
  expect(await batch).toEqual(PROMPTS.map(() => ''));
  const expected: number[][] = [];
  for (const [row, prompt] of PROMPTS.entries()) expected.push(await alone(base, prompt, { ...config, seed: 1 + row }));
  expect(rows).toEqual(expected);
  const lengths = new Set(rows.map(({ length }) => length));
  expect(lengths.size, 'the rows have different lengths').toBeGreaterThan(1);
  expect(free.every(({ length }) => length === 30)).toBe(true);
});

test('a row ends where the model’s positions end, and the others continue', async () => {
  const prompts = [tinyRow(509).input_ids, tinyRow(8).input_ids, tinyRow(500).input_ids];
  const rows = await together(base, prompts, { max_new_tokens: 50 });
  expect(rows.map(({ length }) => length)).toEqual([3, 50, 12]);
  expect(rows).toEqual(await oneByOne(base, prompts, { max_new_tokens: 50 }));
});

test('tokens come step by step, in the order of the rows', async () => {
  const seen: number[] = [];
  const config = { max_new_tokens: 2, eos_token_id: null };
  for await (const { row } of base.generate_batch(PROMPTS.slice(0, 3), config)) seen.push(row);
  expect(seen).toEqual([0, 1, 2, 0, 1, 2]);
});

test('a batch of one takes as many dispatches as a single text, and shares its programs', async () => {
  const [prompt] = PROMPTS as [number[]];
  await alone(base, prompt, { max_new_tokens: 3 });
  const before = opened.liveBytes();
  expect(await together(base, [prompt], { max_new_tokens: 3 })).toEqual([
    await alone(base, prompt, { max_new_tokens: 3 }),
  ]);
  expect(opened.liveBytes()).toBe(before);
});

test('aborting rejects with the reason, and the next texts work', async () => {
  const model = await withAdapters(base, configs.slice(0, 2));
  const prompts = PROMPTS.slice(0, 3);
  const adapter_names = ['a0', 'a1', BASE];
  const expected = await together(model, prompts, { max_new_tokens: 5, adapter_names });
  const controller = new AbortController();
  const reason = new Error('enough');
  const { signal } = controller;
  const batch = model.generate_batch(prompts, { max_new_tokens: 400, eos_token_id: null, adapter_names, signal });
  let count = 0;
  const reading = (async () => {
    for await (const _ of batch) {
      count += 1;
      if (count === 7) controller.abort(reason);
    }
  })();
  await expect(reading).rejects.toBe(reason);
  await expect(Promise.resolve(batch)).rejects.toBe(reason);
  expect(count).toBeLessThan(1200);
  expect(await together(model, prompts, { max_new_tokens: 5, adapter_names })).toEqual(expected);
});

test('deleting an adapter ends the batches that use it, and frees their memory', async () => {
  const prompts = PROMPTS.slice(0, 2);
  await together(base, prompts, { max_new_tokens: 2 });
  const before = opened.storageBytes();
  const model = await withAdapters(base, configs.slice(0, 2));
  const config = { max_new_tokens: 400, eos_token_id: null, adapter_names: ['a1', 'a0'] };
  const batch = model.generate_batch(prompts, config);
  for await (const _ of batch) break;
  await model.delete_adapter('a1');
  await expect(Promise.resolve(batch)).rejects.toMatchObject({ name: 'AbortError' });
  await expect(model.generate_batch(prompts, config)).rejects.toMatchObject({
    message: 'Trying to infer with non-existing adapter(s): a1',
  });
  await model.delete_adapter('a0');
  await together(base, prompts, { max_new_tokens: 2 });
  expect(opened.storageBytes()).toBe(before);
});

describe('refused without any change', () => {
  test.each<[string, BatchGenerationConfig, string]>([
    [
      'too few names',
      { adapter_names: ['a0'] },
      'Length of `adapter_names` should be the same as the number of inputs, but got 1 and 2 respectively.',
    ],
    ['names that are not there', { adapter_names: ['zz', 'a0'] }, 'Trying to infer with non-existing adapter(s): zz'],
    ['a name that is not there', { adapter_name: 'zz' }, 'Adapter zz not found.'],
  ])('%s', async (_what, config, message) => {
    const model = await withAdapters(base, configs.slice(0, 1));
    const memory = opened.liveBytes();
    const batch = model.generate_batch(PROMPTS.slice(0, 2), config);
    await expect(batch).rejects.toMatchObject({ code: 'invalid_argument', message });
    expect(opened.liveBytes()).toBe(memory);
  });

  test('prompts of no tokens or too many, tokens that the model does not know, and texts without a tokenizer', async () => {
    const refusals: readonly [unknown, string][] = [
      [[[3], []], 'generate: expected a prompt of 1 to 511 tokens, got 0 in row 1'],
      [[[3], tinyRow(512).input_ids], 'generate: expected a prompt of 1 to 511 tokens, got 512 in row 1'],
      [[[3], [32]], 'generate: expected tokens from 0 to 31, got 32'],
    ];
    for (const [prompts, message] of refusals) {
      await expect(base.generate_batch(prompts as never)).rejects.toMatchObject({ code: 'invalid_argument', message });
    }
    await expect(base.generate([])).rejects.toMatchObject({ hint: 'Begin with a start token.' });
    await expect(base.generate_batch(['text'])).rejects.toMatchObject({
      message: expect.stringContaining('prompts[0]: expected token ids'),
    });
    await expect(base.generate_batch([[3]], { adapter_names: [BASE] })).rejects.toMatchObject({
      message: expect.stringContaining('expected a model with adapters'),
    });
  });
});

test('texts come in pieces that join to what they are alone', async () => {
  const model = await AutoModelForCausalLM.from_pretrained({ files: smallWriter() }, { session: opened.session });
  try {
    const prompts = ['It was the whale', 'Élise, “naïve” ', 'A'];
    const config = { max_new_tokens: 24, do_sample: true, temperature: 2, top_k: 0, seed: 3 };
    const batch = model.generate_batch(prompts, config);
    const pieces = prompts.map(() => '');
    for await (const { row, text } of batch) pieces[row] += text;
    const texts = await batch;
    expect(pieces).toEqual(texts);
    for (const [row, prompt] of prompts.entries()) {
      expect(texts[row]).toBe(await model.generate(prompt, { ...config, seed: 3 + row }));
    }
    expect(new Set(texts).size).toBe(3);
  } finally {
    await model.dispose();
  }
});

test.each([
  { folder: 'gpt2', targets: ['c_attn', 'c_proj'] },
  { folder: 'opt', targets: ['q_proj', 'fc1'] },
])('over $folder, whose positions are learned', async ({ folder, targets }) => {
  const url = new URL(`../../golden/base/${folder}/`, import.meta.url);
  const other = await AutoModelForCausalLM.from_pretrained(folderFiles(url), { session: opened.session });
  try {
    const model = await withAdapters(other, [
      { r: 8, target_modules: targets },
      { r: 4, target_modules: targets, projection_prng_key: 3 },
    ]);
    const prompts = [3, 17, 1, 9, 6].map((length, row) => tinyRow(length, row).input_ids);
    const config = { max_new_tokens: 12, adapter_names: ['a1', BASE, 'a0', 'a0', 'a1'] };
    expect(await together(model, prompts, config)).toEqual(await oneByOne(model, prompts, config));
  } finally {
    await other.dispose();
  }
});
