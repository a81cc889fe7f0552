import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type ModelInputs,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../src/index';
import { folderFiles, largestDifference } from '../helpers/golden';
import { randomArray } from '../helpers/random';
import { changedFiles, randomAdapter } from '../helpers/random_adapter';
import { openTestSession, type TestSession } from '../helpers/session';
import { tinyFiles, tinyRow } from '../helpers/tiny_llama';

const BASE = '__base__';
const T = 14;
/** Tokens that all models here know. */
const rowOf = (seed: number, length = T) => tinyRow(length, 20 + seed).input_ids;
const ids = (count: number) => Array.from({ length: count }, (_, seed) => rowOf(seed));

/** Other keys, ranks and targets, odd ranks too; a6 shares A and B with a1. */
const configs: Readonly<Record<string, VeraConfigInit>> = {
  a0: { r: 8, target_modules: ['q_proj', 'v_proj'] },
  a1: { r: 8, target_modules: ['q_proj', 'v_proj'], projection_prng_key: 7 },
  a2: { r: 3, target_modules: 'all-linear' },
  a3: { r: 16, target_modules: ['down_proj'], projection_prng_key: 7, save_projection: false },
  a4: { r: 8, target_modules: ['q_proj', 'k_proj', 'up_proj'], layers_to_transform: [1] },
  a5: { r: 8, target_modules: ['gate_proj', 'down_proj', 'o_proj'] },
  a6: { r: 8, target_modules: ['q_proj', 'v_proj'], projection_prng_key: 7, vera_dropout: 0.5 },
  a7: { r: 5, target_modules: ['o_proj'], projection_prng_key: 9 },
};
const NAMES = Object.keys(configs);

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());
const loaded = new Set<PreTrainedModel>();
beforeEach(() => {
  expect(opened.liveBytes()).toBe(0);
});
afterEach(async () => {
  for (const base of loaded) await base.dispose();
  loaded.clear();
});

async function keep(base: Promise<PreTrainedModel>): Promise<PreTrainedModel> {
  loaded.add(await base);
  return base;
}

/** A tiny Llama with adapters of all the configurations. */
async function loadAll(): Promise<VeraModel> {
  const base = await keep(AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session }));
  return withAdapters(base, configs);
}

async function withAdapters(
  base: PreTrainedModel,
  inits: Readonly<Record<string, VeraConfigInit>>,
): Promise<VeraModel> {
  let model: VeraModel | undefined;
  for (const [index, [adapter_name, init]] of Object.entries(inits).entries()) {
    const files = await randomAdapter(base, new VeraConfig(init), 1 + index);
    if (model === undefined) {
      model = await VeraModel.from_pretrained(base, files, { adapter_name, is_trainable: true });
    } else {
      await model.load_adapter(files, adapter_name, { is_trainable: true });
    }
  }
  return model!;
}

/** The batch's logits, row by row. */
async function rowsOf(model: PreTrainedModel, inputs: ModelInputs): Promise<Float32Array[]> {
  const { dims, data } = (await model.forward(inputs)).logits;
  const size = dims[1]! * dims[2]!;
  return Array.from({ length: dims[0]! }, (_, row) => data.slice(row * size, (row + 1) * size));
}

type Matrix = readonly (readonly number[])[];
interface Rows {
  readonly input_ids: Matrix;
  readonly attention_mask?: Matrix;
  readonly labels?: Matrix;
}

/** What the rows give one by one, each with its adapter made active; with their losses. */
async function oneByOne(
  model: VeraModel,
  names: readonly string[],
  inputs: Rows,
): Promise<{ logits: Float32Array; loss: number | undefined }[]> {
  const before = model.active_adapters;
  const rows: { logits: Float32Array; loss: number | undefined }[] = [];
  for (const [row, name] of names.entries()) {
    const { input_ids, ...others } = inputs;
    const single = {
      input_ids: [input_ids[row]!],
      ...Object.fromEntries(Object.entries(others).map(([key, matrix]) => [key, [matrix[row]!]])),
    };
    if (name !== BASE) await model.set_adapter(name);
    const run = () => model.forward(single);
    const { logits, loss } = name === BASE ? await model.disable_adapter(run) : await run();
    rows.push({ logits: logits.data, loss });
  }
  await model.set_adapter(before);
  return rows;
}

/**
 * A mixed batch adds the same change to the same product, but in kernels of its own, which sum in another order: some
 * 1e-6 of values of order 10, layer after layer. A row that went through another adapter is off by more than 0.01.
 */
const TOLERANCE = 1e-5;

function expectRows(rows: readonly Float32Array[], singles: readonly { logits: Float32Array }[], mask?: number[][]) {
  const where = (row: number) => (index: number) =>
    mask === undefined || mask[row]![Math.floor((index * T) / rows[row]!.length)] === 1;
  rows.forEach((logits, row) => {
    const size = singles[row]!.logits.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    const worst = largestDifference(logits, singles[row]!.logits, where(row));
    expect(worst, `row ${row}`).toBeLessThanOrEqual(TOLERANCE * size);
    singles.forEach((other, at) => {
      if (at === row || other.logits === singles[row]!.logits) return;
      expect(largestDifference(logits, other.logits, where(row)), `row ${row} as row ${at}`).toBeGreaterThan(0.01);
    });
  });
}

describe('each row goes through its own adapter', () => {
  test('eight rows, eight adapters of other keys, ranks and targets', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    expectRows(await rowsOf(model, { input_ids, adapter_names: NAMES }), await oneByOne(model, NAMES, { input_ids }));
  });

  test('the same tokens in every row', async () => {
    const model = await loadAll();
    const input_ids = NAMES.map(() => rowOf(1));
    expectRows(await rowsOf(model, { input_ids, adapter_names: NAMES }), await oneByOne(model, NAMES, { input_ids }));
  });

  test('names more than once, and rows without an adapter', async () => {
    const model = await loadAll();
    const adapter_names = ['a2', BASE, 'a2', 'a5', BASE, 'a0', 'a5', 'a2', 'a7'];
    const input_ids = ids(9);
    const rows = await rowsOf(model, { input_ids, adapter_names });
    expectRows(rows, await oneByOne(model, adapter_names, { input_ids }));
    // Nothing is added to rows without: they are the base's, bit for bit, in a batch as large.
    const plain = await model.disable_adapter(() => rowsOf(model, { input_ids }));
    expect([rows[1], rows[4]]).toEqual([plain[1], plain[4]]);
  });

  test('all rows are the base’s while adapters are disabled, whatever they name', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    const [plain, named] = await model.disable_adapter(async () => [
      await rowsOf(model, { input_ids }),
      await rowsOf(model, { input_ids, adapter_names: NAMES }),
    ]);
    expect(named).toEqual(plain);
    const unknown = { input_ids, adapter_names: NAMES.map(() => 'nobody') };
    await expect(model.disable_adapter(() => model.forward(unknown))).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  test('what the other rows are makes no difference, bit for bit', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    const rows = await rowsOf(model, { input_ids, adapter_names: NAMES });
    const reversed = await rowsOf(model, {
      input_ids: input_ids.toReversed(),
      adapter_names: NAMES.toReversed(),
    });
    expect(reversed.toReversed()).toEqual(rows);
    // The same adapters, given to other rows: the program is the same, the rows aren't.
    const turned = [...NAMES.slice(3), ...NAMES.slice(0, 3)];
    const again = await rowsOf(model, { input_ids, adapter_names: turned });
    expectRows(again, await oneByOne(model, turned, { input_ids }));
    expect(await rowsOf(model, { input_ids, adapter_names: NAMES })).toEqual(rows);
  });

  test.each([
    { what: 'one row', names: ['a2'] },
    { what: 'one adapter for all rows', names: ['a5', 'a5', 'a5'] },
    { what: 'no adapter at all', names: [BASE, BASE] },
  ])('$what', async ({ names }) => {
    const model = await loadAll();
    const input_ids = ids(names.length);
    const rows = await rowsOf(model, { input_ids, adapter_names: names });
    expectRows(rows, await oneByOne(model, names, { input_ids }));
  });

  test('padding on the left and on the right', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    const attention_mask = NAMES.map((_, row) =>
      Array.from({ length: T }, (_, at) => Number(row % 2 === 0 ? at >= row : at < T - row)),
    );
    const rows = await rowsOf(model, { input_ids, attention_mask, adapter_names: NAMES });
    expectRows(rows, await oneByOne(model, NAMES, { input_ids, attention_mask }), attention_mask);
  });

  test('the loss is the mean over the labels of all rows', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    // Rows with few labels, with none, and with all.
    const labels = input_ids.map((row, at) => row.map((id, position) => (position < 2 * at ? -100 : id)));
    labels[7] = labels[7]!.map(() => -100);
    const counts = labels.map((row) => row.slice(1).filter((label) => label !== -100).length);
    const { loss } = await model.forward({ input_ids, labels, adapter_names: NAMES });
    const singles = await oneByOne(model, NAMES, { input_ids, labels });
    const total = counts.reduce((sum, count) => sum + count, 0);
    const expected = singles.reduce((sum, { loss: own }, row) => sum + (counts[row]! > 0 ? own! * counts[row]! : 0), 0);
    expect(counts[7]).toBe(0);
    expect(Math.abs(loss! - expected / total)).toBeLessThanOrEqual(TOLERANCE);
    const plain = await model.disable_adapter(() => model.forward({ input_ids, labels }));
    expect(Math.abs(loss! - plain.loss!)).toBeGreaterThan(100 * TOLERANCE);
  });
});

describe('what else is set makes no difference', () => {
  test('which adapters are active', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    const rows = await rowsOf(model, { input_ids, adapter_names: NAMES });
    const active = model.active_adapters;
    expect(active).toEqual(['a0']);
    await model.set_adapter(['a3', 'a5']);
    expect(await rowsOf(model, { input_ids, adapter_names: NAMES })).toEqual(rows);
    expect(model.active_adapters).toEqual(['a3', 'a5']);
  });

  test('an adapter that has learned gives what it gives now', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    const before = await rowsOf(model, { input_ids, adapter_names: NAMES });
    await model.set_adapter('a2');
    const args = { max_steps: 1, learning_rate: 0.1, warmup_ratio: 0 };
    await new Trainer({ model, args, train_dataset: [tinyRow(20)] }).train();
    const after = await rowsOf(model, { input_ids, adapter_names: NAMES });
    expectRows(after, await oneByOne(model, NAMES, { input_ids }));
    after.forEach((row, index) => {
      if (index === 2) expect(largestDifference(row, before[index]!)).toBeGreaterThan(0.01);
      else expect(row).toEqual(before[index]);
    });
  });

  test('an adapter that was deleted and came again under its name', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    const before = await rowsOf(model, { input_ids, adapter_names: NAMES });
    const files = await changedFiles(await model.save_pretrained({ adapter_name: 'a3' }), (name, numbers) => {
      if (name.includes('lambda_b')) numbers.set(randomArray(numbers.length, 77, 0.5));
    });
    await model.delete_adapter('a3');
    await expect(model.forward({ input_ids, adapter_names: NAMES })).rejects.toMatchObject({
      message: 'Trying to infer with non-existing adapter(s): a3',
    });
    await model.load_adapter(files, 'a3');
    const after = await rowsOf(model, { input_ids, adapter_names: NAMES });
    expectRows(after, await oneByOne(model, NAMES, { input_ids }));
    after.forEach((row, index) => {
      if (index === 3) expect(largestDifference(row, before[index]!)).toBeGreaterThan(0.01);
      else expect(row).toEqual(before[index]);
    });
  });

  test('deleting gives back all that such batches took', async () => {
    const model = await loadAll();
    const input_ids = ids(8);
    const labels = input_ids;
    await model.forward({ input_ids, labels, adapter_names: NAMES });
    for (const name of NAMES) await model.delete_adapter(name);
    const [base] = loaded;
    await base!.forward({ input_ids, labels });
    const left = opened.storageBytes();
    const again = await keep(AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session }));
    await base!.dispose();
    await again.forward({ input_ids, labels });
    expect(opened.storageBytes()).toBe(left);
  });
});

describe.each([
  { base: 'gpt2', targets: ['c_attn', 'c_proj'], others: ['c_fc'] },
  { base: 'opt', targets: ['q_proj', 'fc1'], others: ['fc2', 'out_proj'] },
])('over $base', ({ base: folder, targets, others }) => {
  test('rows keep the biases that one adapter trains, whichever adapter they have', async () => {
    const url = new URL(`../golden/base/${folder}/`, import.meta.url);
    const base = await keep(AutoModelForCausalLM.from_pretrained(folderFiles(url), { session: opened.session }));
    const input_ids = ids(5);
    const plain = await rowsOf(base, { input_ids });
    const model = await withAdapters(base, {
      biased: { r: 8, target_modules: targets, bias: 'all' },
      other: { r: 4, target_modules: others, projection_prng_key: 3 },
      third: { r: 8, target_modules: others },
    });
    const args = { max_steps: 2, learning_rate: 0.1, warmup_ratio: 0 };
    await new Trainer({ model, args, train_dataset: [{ input_ids: rowOf(9) }] }).train();
    const adapter_names = ['other', 'biased', BASE, 'third', 'biased'];
    const rows = await rowsOf(model, { input_ids, adapter_names });
    expectRows(rows, await oneByOne(model, adapter_names, { input_ids }));
    expect(largestDifference(rows[2]!, plain[2]!)).toBeGreaterThan(0.01);
    expect(await rowsOf(base, { input_ids })).toEqual(plain);
  });
});

describe('refused, and nothing has changed', () => {
  test.each([
    {
      what: 'too few names',
      names: ['a0', 'a1'],
      message: 'Length of `adapter_names` should be the same as the number of inputs, but got 2 and 3 respectively.',
    },
    {
      what: 'too many names',
      names: ['a0', 'a1', 'a2', 'a3'],
      message: 'Length of `adapter_names` should be the same as the number of inputs, but got 4 and 3 respectively.',
    },
    {
      what: 'names that are not there',
      names: ['zz', 'a0', 'b'],
      message: 'Trying to infer with non-existing adapter(s): b, zz',
    },
    { what: 'part of a name', names: ['a', 'a0', 'a0'], message: 'Trying to infer with non-existing adapter(s): a' },
  ])('$what', async ({ names, message }) => {
    const model = await loadAll();
    const input_ids = ids(3);
    const before = await rowsOf(model, { input_ids });
    const memory = opened.liveBytes();
    await expect(model.forward({ input_ids, adapter_names: names })).rejects.toMatchObject({
      code: 'invalid_argument',
      message,
    });
    expect(await rowsOf(model, { input_ids })).toEqual(before);
    expect(opened.liveBytes()).toBe(memory);
  });

  test('what is no list of names', async () => {
    const model = await loadAll();
    for (const adapter_names of ['a0', [1], [''], {}]) {
      const inputs = { input_ids: ids(1), adapter_names } as unknown as ModelInputs;
      await expect(model.forward(inputs)).rejects.toMatchObject({ code: 'invalid_argument' });
    }
  });

  test('merged adapters', async () => {
    const model = await loadAll();
    await model.merge_adapter();
    const input_ids = ids(2);
    await expect(model.forward({ input_ids, adapter_names: ['a0', BASE] })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'Cannot pass `adapter_names` when there are merged adapters, please call `unmerge_adapter` first.',
    });
    await model.unmerge_adapter();
    expect(await rowsOf(model, { input_ids, adapter_names: ['a0', BASE] })).toHaveLength(2);
  });

  test('a model without adapters', async () => {
    const base = await keep(AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session }));
    for (const name of ['a0', BASE])
      await expect(base.forward({ input_ids: ids(1), adapter_names: [name] })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    await expect(base.generate([3], { adapter_name: 'a0' })).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('adapters that change more than vectors, unless no row has them', async () => {
    const model = await loadAll();
    await model.add_adapter('head', new VeraConfig({ r: 4, target_modules: ['lm_head'] }));
    await model.add_adapter('whole', new VeraConfig({ r: 4, target_modules: ['q_proj'], modules_to_save: ['norm'] }));
    const input_ids = ids(2);
    for (const name of ['head', 'whole']) {
      await expect(model.forward({ input_ids, adapter_names: [name, 'a0'] })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining(name),
      });
    }
    const names = ['a0', 'a2'];
    expectRows(await rowsOf(model, { input_ids, adapter_names: names }), await oneByOne(model, names, { input_ids }));
  });
});

describe('generate with adapter_name', () => {
  const config = { max_new_tokens: 60, do_sample: true, seed: 3, temperature: 0.3, eos_token_id: null };
  async function tokensOf(model: PreTrainedModel, adapter_name?: string): Promise<number[]> {
    const tokens: number[] = [];
    const own = adapter_name === undefined ? config : { ...config, adapter_name };
    for await (const { token_id } of model.generate([5, 6, 7], own)) tokens.push(token_id);
    return tokens;
  }

  test('gives what set_adapter and generate give, and leaves what is active', async () => {
    const model = await loadAll();
    const texts = new Map<string, number[]>();
    for (const name of NAMES) texts.set(name, await tokensOf(model, name));
    texts.set(BASE, await tokensOf(model, BASE));
    expect(model.active_adapters).toEqual(['a0']);
    expect(new Set([...texts.values()].map(String)).size).toBe(texts.size);
    for (const name of NAMES) {
      await model.set_adapter(name);
      expect(await tokensOf(model), name).toEqual(texts.get(name));
    }
    expect(await model.disable_adapter(() => tokensOf(model))).toEqual(texts.get(BASE));
    expect(await model.disable_adapter(() => tokensOf(model, 'a2'))).toEqual(texts.get(BASE));
    expect(await tokensOf([...loaded][0]!)).toEqual(texts.get(BASE));
    // Several active ones aren't in the way, nor are merged ones.
    await model.set_adapter(['a2', 'a3']);
    expect(await tokensOf(model, 'a5')).toEqual(texts.get('a5'));
    await model.merge_adapter();
    expect(await tokensOf(model, 'a5')).toEqual(texts.get('a5'));
    expect(await tokensOf(model, 'a2')).toEqual(texts.get('a2'));
  });

  test('knows its names', async () => {
    const model = await loadAll();
    await expect(model.generate([3], { adapter_name: 'zz' })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'Adapter zz not found.',
    });
    await expect(model.generate([3], { adapter_name: '' })).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

test('two VeRA models over one base keep their rows apart', async () => {
  const base = await keep(AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session }));
  const [one, two] = [
    await withAdapters(base, { same: configs.a0! }),
    await get_peft_model(base, new VeraConfig(configs.a2), 'same'),
  ];
  const input_ids = ids(2);
  const adapter_names = ['same', BASE];
  const [first, second] = [
    await rowsOf(one, { input_ids, adapter_names }),
    await rowsOf(two, { input_ids, adapter_names }),
  ];
  expectRows(first, await oneByOne(one, adapter_names, { input_ids }));
  // A fresh adapter changes nothing yet.
  expect(largestDifference(second[0]!, (await rowsOf(base, { input_ids }))[0]!)).toBe(0);
  expect(largestDifference(first[0]!, second[0]!)).toBeGreaterThan(0.01);
});
