import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
  WebVeraError,
} from '../../../src/index';
import { loadMlp } from '../../helpers/models/mlp';
import {
  addRandom,
  changed,
  distance,
  logitsOf,
  randomVera,
  savedOf,
  stateOf,
  TOLERANCE,
  tensorsOf,
  train,
} from '../../helpers/peft';
import { openTestSession, type TestSession } from '../../helpers/session/session';

const r = 8;
const pairs: [string, VeraConfigInit, VeraConfigInit][] = [
  ['VeRA Same', { r, target_modules: ['lin0'] }, { r, target_modules: ['lin0'] }],
  ['different targets', { r, target_modules: ['lin0'] }, { r, target_modules: ['lin1'] }],
  ['overlapping targets', { r, target_modules: ['lin0', 'lin1'] }, { r, target_modules: ['lin1', 'lin2'] }],
  ['different ranks and keys', { r, target_modules: 'lin.' }, { r: 4, target_modules: 'lin.', projection_prng_key: 7 }],
  [
    'non-overlapping modules_to_save',
    { r, target_modules: ['lin0'], modules_to_save: ['lin1'] },
    { r, target_modules: ['lin0'], modules_to_save: ['lin2'] },
  ],
  [
    'one wraps what the other saves whole',
    { r, target_modules: ['lin0'], modules_to_save: ['lin1'] },
    { r, target_modules: ['lin1'] },
  ],
];

let opened: TestSession;
let base: PreTrainedModel;
let plain: Float32Array;
beforeAll(async () => {
  opened = await openTestSession();
  base = await loadMlp(opened);
  plain = await logitsOf(base);
});
beforeEach(() => {
  opened.warnings.length = 0;
});
afterAll(() => opened.session.close());

describe.each(pairs)('%s', (_pair, one, two) => {
  const both = ['one', 'two'];
  const open = async (active: readonly string[] = both) => {
    const model = await randomVera(base, one, 'one', 1);
    await addRandom(model, 'two', two, 2);
    await model.set_adapter(active);
    return model;
  };
  const resultsOf = async (model: VeraModel, active: readonly string[]) => {
    await model.set_adapter(active);
    return logitsOf(model);
  };

  test('combined ≠ either, and ≠ base', async () => {
    const model = await open();
    const combined = await logitsOf(model);
    expect(model.active_adapters).toEqual(both);
    for (const other of [plain, await resultsOf(model, ['one']), await resultsOf(model, ['two'])]) {
      expect(await distance(combined, other)).toBeGreaterThan(TOLERANCE.merge);
    }
    expect(await distance(await resultsOf(model, both), combined)).toBe(0);
  });

  test('merge of both == combined; unmerge restores base', async () => {
    const model = await open();
    const [combined, weights] = [await logitsOf(model), await tensorsOf(model)];
    await model.merge_adapter();
    expect(model.get_model_status().merged_adapters).toEqual(both);
    expect(await distance(model, combined)).toBeLessThan(TOLERANCE.merge);
    expect(await model.disable_adapter(() => distance(model, plain))).toBe(0);
    await model.unmerge_adapter();
    expect(changed(weights, await tensorsOf(model))).toEqual([]);
    expect(await distance(model, combined)).toBe(0);
    expect(await distance(base, plain)).toBe(0);
  });

  test('sequential == batch merge', async () => {
    const [batch, sequential] = [await open(), await open()];
    await batch.merge_adapter();
    for (const name of both) await sequential.merge_adapter({ adapter_names: [name] });
    expect(opened.warnings).toEqual(['already_merged']);
    expect(await distance(sequential, batch)).toBeLessThan(TOLERANCE.merge);
    expect(sequential.get_model_status().merged_adapters).toEqual(both);
    await sequential.unmerge_adapter();
    expect(sequential.get_model_status().merged_adapters).toEqual([]);
    expect(changed(await tensorsOf(await open()), await tensorsOf(sequential))).toEqual([]);
  });

  test.each([[['one']], [['two']], [both]])('merge_and_unload(adapter_names=%j) selects', async (wanted) => {
    const model = await open(wanted);
    const before = await logitsOf(model);
    const unloaded = await model.merge_and_unload({ adapter_names: wanted });
    expect(await distance(unloaded, before)).toBeLessThan(TOLERANCE.merge);
    expect(await distance(base, plain)).toBe(0);
  });

  test('training changes both that are active, and one alone leaves the other', async () => {
    const model = await open();
    const saved = async () => [await savedOf(model, 'one'), await savedOf(model, 'two')] as const;
    const [before, results] = [await saved(), await logitsOf(model)];
    await train(model);
    const both = await saved();
    for (const index of [0, 1] as const) expect(changed(before[index], both[index]).length).toBeGreaterThan(1);
    expect(await distance(model, results)).toBeGreaterThan(TOLERANCE.merge);
    await model.set_adapter('two');
    await train(model);
    const after = await saved();
    expect(changed(both[0], after[0])).toEqual([]);
    expect(changed(both[1], after[1]).length).toBeGreaterThan(1);
  });
});

test('merge_and_unload(adapter_names) takes one that is not active', async () => {
  const config = { r, target_modules: ['lin0', 'lin1'] };
  const model = await randomVera(base, config, 'one', 1);
  await addRandom(model, 'two', config, 2);
  const alone = await logitsOf(await randomVera(base, config, 'two', 2));
  expect(await distance(await model.merge_and_unload({ adapter_names: ['two'] }), alone)).toBeLessThan(TOLERANCE.merge);
});

test('unload gives the base model', async () => {
  const model = await randomVera(base, { r, target_modules: ['lin0'] });
  await model.merge_adapter();
  await model.unmerge_adapter();
  expect(await distance(await model.unload(), plain)).toBe(0);
});

describe('modules_to_save', () => {
  const config = { r, target_modules: ['lin0'], modules_to_save: ['lin1', 'lin2'] };

  test.each([
    ['the same', ['lin1', 'lin2']],
    ['overlapping', ['lin2', 'lin3']],
  ])('%s of two active adapters → refused without mutation', async (_case, modules_to_save) => {
    const model = await randomVera(base, config, 'one', 1);
    await addRandom(model, 'two', { ...config, modules_to_save }, 2);
    const before = await logitsOf(model);
    await expect(model.set_adapter(['one', 'two'])).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('Only one adapter can be set at a time'),
    });
    expect(model.active_adapters).toEqual(['one']);
    expect(await distance(model, before)).toBe(0);
    // Each adapter alone may be active.
    await model.set_adapter('two');
    expect(await distance(model, before)).toBeGreaterThan(TOLERANCE.merge);
  });

  test('of the active adapter alone are in place, and come back', async () => {
    const model = await randomVera(base, config, 'one', 1);
    await addRandom(model, 'two', { ...config, modules_to_save: ['lin1'] }, 2);
    const weights = async (name: string) => {
      await model.set_adapter(name);
      return changed(await tensorsOf(base), await tensorsOf(model));
    };
    const [lin1, lin2] = [1, 2].map((index) => [`lin${index}.weight`, `lin${index}.bias`]);
    expect(await weights('one')).toEqual([...lin1!, ...lin2!]);
    expect(await weights('two')).toEqual(lin1);
    expect(await weights('one')).toEqual([...lin1!, ...lin2!]);
  });

  test('are kept by merge_and_unload and by unload', async () => {
    for (const unload of ['merge_and_unload', 'unload'] as const) {
      const model = await randomVera(base, config);
      const own = await tensorsOf(model);
      const unloaded = await tensorsOf(await model[unload]());
      const kept = ['lin1.weight', 'lin1.bias', 'lin2.weight', 'lin2.bias'];
      for (const name of kept) expect(unloaded.get(name)).toEqual(own.get(name));
      const merged = unload === 'merge_and_unload' ? ['lin0.weight'] : [];
      expect(changed(await tensorsOf(base), unloaded).toSorted()).toEqual([...merged, ...kept].toSorted());
    }
  });
});

test.each([1, 2, 4])(
  'unload that runs out of memory at copy %i leaves nothing behind, and changes nothing',
  async (nth) => {
    const model = await randomVera(base, { r, target_modules: ['lin0'], modules_to_save: ['lin1', 'lin2'] });
    const [before, bytes] = [await logitsOf(model), opened.liveBytes()];
    const { runner } = (await stateOf(model)).base;
    const allocate = runner.allocate.bind(runner);
    let calls = 0;
    const failing = vi.spyOn(runner, 'allocate').mockImplementation((values) => {
      calls += 1;
      return calls === nth ? Promise.reject(new WebVeraError('out_of_memory', 'no more')) : allocate(values);
    });
    await expect(model.unload()).rejects.toMatchObject({ code: 'out_of_memory' });
    failing.mockRestore();
    expect(calls).toBe(nth);
    expect(opened.liveBytes()).toBe(bytes);
    expect(await distance(model, before)).toBe(0);
    expect(await distance(await model.unload(), before)).toBeGreaterThan(TOLERANCE.merge);
  },
);

test('an adapter in merged weights cannot be deleted', async () => {
  const model = await randomVera(base, { r, target_modules: ['lin0'], modules_to_save: ['lin1'] }, 'one', 1);
  await addRandom(model, 'two', { r, target_modules: ['lin1'] }, 2);
  await model.set_adapter(['one', 'two']);
  await model.merge_adapter({ adapter_names: ['two'] });
  await expect(model.delete_adapter('one')).rejects.toMatchObject({
    message: "Cannot delete adapter(s) ['one'] while they are merged. Please unmerge them first.",
  });
  await model.unmerge_adapter();
  await model.delete_adapter('one');
  expect(model.active_adapters).toEqual(['two']);
});

describe('merged weights, and what an inactive adapter saves whole', () => {
  const whole = { r, target_modules: ['lin0'], modules_to_save: ['lin1'] };

  /** The adapter 'merged' is merged into the base model's lin1, and 'active' is active. */
  async function open(): Promise<VeraModel> {
    const model = await randomVera(base, { r, target_modules: ['lin0'] }, 'active', 1);
    await addRandom(model, 'merged', { r, target_modules: ['lin1'] }, 2);
    await addRandom(model, 'a whole one', whole, 3);
    await model.merge_adapter({ adapter_names: ['merged'] });
    return model;
  }

  test('it can be deleted: the weights were made without it', async () => {
    const model = await open();
    const before = await logitsOf(model);
    await model.delete_adapter('a whole one');
    expect(await distance(model, before)).toBe(0);
    expect(model.get_model_status().merged_adapters).toEqual(['merged']);
  });

  test('when it becomes active as another is deleted, they are unmerged, with a warning', async () => {
    const model = await open();
    await model.delete_adapter('active');
    expect(opened.warnings).toEqual(['unmerged', 'active_adapter_deleted']);
    expect(model.active_adapters).toEqual(['a whole one']);
    expect(model.get_model_status().merged_adapters).toEqual([]);
    expect(await distance(model, await randomVera(base, whole, 'alone', 3))).toBe(0);
  });

  test('when one without whole modules becomes active, they stay merged', async () => {
    const model = await open();
    await addRandom(model, 'a first one', { r, target_modules: ['lin2'] }, 4);
    await model.delete_adapter('active');
    expect(opened.warnings).toEqual(['active_adapter_deleted']);
    expect(model.active_adapters).toEqual(['a first one']);
    expect(model.get_model_status().merged_adapters).toEqual(['merged']);
  });
});

test('two adapters with bias → refused without mutation', async () => {
  const config = { r, target_modules: ['lin0'], bias: 'all' as const };
  const model = await randomVera(base, config);
  const before = await logitsOf(model);
  await expect(model.add_adapter('other', new VeraConfig({ ...config, bias: 'vera_only' }))).rejects.toMatchObject({
    message:
      "VeraModel supports only 1 adapter with bias. When using multiple adapters, set bias to 'none' for all adapters.",
  });
  expect(Object.keys(model.peft_config)).toEqual(['default']);
  expect(await distance(model, before)).toBe(0);
  await addRandom(model, 'other', { ...config, bias: 'none' });
});
