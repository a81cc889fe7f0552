import { describe, expect, test } from 'vitest';
import { AutoModelForCausalLM, get_peft_model, Trainer, VeraConfig } from '../../../src/index';
import { folderFiles, largestDifference } from '../../helpers/golden/golden';
import { tinyFiles } from '../../helpers/models/tiny_llama';
import { tidySession } from '../../helpers/session/tidy_session';
import {
  BASE,
  configs,
  expectRows,
  ids,
  loadAll,
  NAMES,
  oneByOne,
  rowOf,
  rowsOf,
  T,
  TOLERANCE,
  withAdapters,
} from './mixed_rows';

const tidy = tidySession();

describe('each row goes through its own adapter', () => {
  test('eight rows, eight adapters of other keys, ranks and targets', async () => {
    const model = await loadAll(tidy);
    const input_ids = ids(8);
    expectRows(await rowsOf(model, { input_ids, adapter_names: NAMES }), await oneByOne(model, NAMES, { input_ids }));
  });

  test('the same tokens in every row', async () => {
    const model = await loadAll(tidy);
    const input_ids = NAMES.map(() => rowOf(1));
    expectRows(await rowsOf(model, { input_ids, adapter_names: NAMES }), await oneByOne(model, NAMES, { input_ids }));
  });

  test('names more than once, and rows without an adapter', async () => {
    const model = await loadAll(tidy);
    const adapter_names = ['a2', BASE, 'a2', 'a5', BASE, 'a0', 'a5', 'a2', 'a7'];
    const input_ids = ids(9);
    const rows = await rowsOf(model, { input_ids, adapter_names });
    expectRows(rows, await oneByOne(model, adapter_names, { input_ids }));
    // Rows without an adapter equal the base model's rows in a batch of the same size, bit for bit.
    const plain = await model.disable_adapter(() => rowsOf(model, { input_ids }));
    expect([rows[1], rows[4]]).toEqual([plain[1], plain[4]]);
  });

  test('all rows are the base’s while adapters are disabled, whatever they name', async () => {
    const model = await loadAll(tidy);
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
    const model = await loadAll(tidy);
    const input_ids = ids(8);
    const rows = await rowsOf(model, { input_ids, adapter_names: NAMES });
    const reversed = await rowsOf(model, {
      input_ids: input_ids.toReversed(),
      adapter_names: NAMES.toReversed(),
    });
    expect(reversed.toReversed()).toEqual(rows);
    // The same program runs when the same adapters are assigned to other rows.
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
    const model = await loadAll(tidy);
    const input_ids = ids(names.length);
    const rows = await rowsOf(model, { input_ids, adapter_names: names });
    expectRows(rows, await oneByOne(model, names, { input_ids }));
  });

  test('padding on the left and on the right', async () => {
    const model = await loadAll(tidy);
    const input_ids = ids(8);
    const attention_mask = NAMES.map((_, row) =>
      Array.from({ length: T }, (_, at) => Number(row % 2 === 0 ? at >= row : at < T - row)),
    );
    const rows = await rowsOf(model, { input_ids, attention_mask, adapter_names: NAMES });
    expectRows(rows, await oneByOne(model, NAMES, { input_ids, attention_mask }), attention_mask);
  });

  test('the loss is the mean over the labels of all rows', async () => {
    const model = await loadAll(tidy);
    const input_ids = ids(8);
    // The number of labels per row ranges from none to all.
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

describe.each([
  { base: 'gpt2', targets: ['c_attn', 'c_proj'], others: ['c_fc'] },
  { base: 'opt', targets: ['q_proj', 'fc1'], others: ['fc2', 'out_proj'] },
])('over $base', ({ base: folder, targets, others }) => {
  test('rows keep the biases that one adapter trains, whichever adapter they have', async () => {
    const url = new URL(`../../golden/base/${folder}/`, import.meta.url);
    const base = await tidy.keep(
      AutoModelForCausalLM.from_pretrained(folderFiles(url), { session: tidy.opened.session }),
    );
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

test('two VeRA models over one base keep their rows apart', async () => {
  const base = await tidy.keep(AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: tidy.opened.session }));
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
  // The adapter of `two` is new, so it doesn't change the logits.
  expect(largestDifference(second[0]!, (await rowsOf(base, { input_ids }))[0]!)).toBe(0);
  expect(largestDifference(first[0]!, second[0]!)).toBeGreaterThan(0.01);
});
