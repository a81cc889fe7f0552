import { describe, expect, test } from 'vitest';
import { AutoModelForCausalLM, type ModelInputs, type PreTrainedModel, Trainer, VeraConfig } from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { largestDifference } from '../../helpers/golden/golden';
import { randomArray } from '../../helpers/maths/random';
import { changedFiles } from '../../helpers/models/random_adapter';
import { tinyFiles, tinyRow } from '../../helpers/models/tiny_llama';
import { tidySession } from '../../helpers/session/tidy_session';
import { BASE, expectRows, ids, loadAll, NAMES, oneByOne, rowsOf } from './mixed_rows';

const tidy = tidySession();

describe('other settings make no difference', () => {
  test('which adapters are active', async () => {
    const model = await loadAll(tidy);
    const input_ids = ids(8);
    const rows = await rowsOf(model, { input_ids, adapter_names: NAMES });
    const active = model.active_adapters;
    expect(active).toEqual(['a0']);
    await model.set_adapter(['a3', 'a5']);
    expect(await rowsOf(model, { input_ids, adapter_names: NAMES })).toEqual(rows);
    expect(model.active_adapters).toEqual(['a3', 'a5']);
  });

  test('a trained adapter gives its present results', async () => {
    const model = await loadAll(tidy);
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

  test('an adapter that was deleted and added again under its name', async () => {
    const model = await loadAll(tidy);
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

  test('deleting frees all memory of such batches', async () => {
    const model = await loadAll(tidy);
    const input_ids = ids(8);
    const labels = input_ids;
    await model.forward({ input_ids, labels, adapter_names: NAMES });
    for (const name of NAMES) await model.delete_adapter(name);
    const [base] = tidy.kept;
    await base!.forward({ input_ids, labels });
    const left = tidy.opened.storageBytes();
    const again = await tidy.keep(AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: tidy.opened.session }));
    await base!.dispose();
    await again.forward({ input_ids, labels });
    expect(tidy.opened.storageBytes()).toBe(left);
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
    const model = await loadAll(tidy);
    const input_ids = ids(3);
    const before = await rowsOf(model, { input_ids });
    const memory = tidy.opened.liveBytes();
    await expect(model.forward({ input_ids, adapter_names: names })).rejects.toMatchObject({
      code: 'invalid_argument',
      message,
    });
    expect(await rowsOf(model, { input_ids })).toEqual(before);
    expect(tidy.opened.liveBytes()).toBe(memory);
  });

  test('what is no list of names', async () => {
    const model = await loadAll(tidy);
    for (const adapter_names of ['a0', [1], [''], {}]) {
      const inputs = { input_ids: ids(1), adapter_names } as unknown as ModelInputs;
      await expect(model.forward(inputs)).rejects.toMatchObject({ code: 'invalid_argument' });
    }
  });

  test('merged adapters', async () => {
    const model = await loadAll(tidy);
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
    const base = await tidy.keep(AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: tidy.opened.session }));
    for (const name of ['a0', BASE])
      await expect(base.forward({ input_ids: ids(1), adapter_names: [name] })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    await expect(base.generate([3], { adapter_name: 'a0' })).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('adapters that change more than vectors, unless no row has them', async () => {
    const model = await loadAll(tidy);
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
    const own = adapter_name === undefined ? config : { ...config, adapter_name };
    return idsOf(model.generate([5, 6, 7], own));
  }

  test('gives what set_adapter and generate give, and leaves what is active', async () => {
    const model = await loadAll(tidy);
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
    expect(await tokensOf([...tidy.kept][0]!)).toEqual(texts.get(BASE));
    // Adapters that are active or merged don't affect rows that name another adapter.
    await model.set_adapter(['a2', 'a3']);
    expect(await tokensOf(model, 'a5')).toEqual(texts.get('a5'));
    await model.merge_adapter();
    expect(await tokensOf(model, 'a5')).toEqual(texts.get('a5'));
    expect(await tokensOf(model, 'a2')).toEqual(texts.get('a2'));
  });

  test('knows its names', async () => {
    const model = await loadAll(tidy);
    await expect(model.generate([3], { adapter_name: 'zz' })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'Adapter zz not found.',
    });
    await expect(model.generate([3], { adapter_name: '' })).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
