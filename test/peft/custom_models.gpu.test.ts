import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { get_peft_model, type PreTrainedModel, VeraConfig, type VeraConfigInit, VeraModel } from '../../src/index';
import { loadMlp } from '../helpers/models/mlp';
import {
  changed,
  distance,
  logitsOf,
  randomise,
  randomVera,
  savedOf,
  TOLERANCE,
  tensorsOf,
  train,
} from '../helpers/peft';
import { openTestSession, type TestSession } from '../helpers/session/session';

interface Row {
  readonly config: VeraConfigInit;
  /** The names of the trained tensors in the adapter's file. */
  readonly trained: readonly string[];
}

const vectors = (...modules: string[]): string[] =>
  modules.flatMap((module) => ['b', 'd'].map((vector) => `base_model.model.${module}.vera_lambda_${vector}`));

const rows: [string, Row][] = [
  ['"lin0" as an expression', { config: { target_modules: 'lin0' }, trained: vectors('lin0') }],
  ['["lin0"]', { config: { target_modules: ['lin0'] }, trained: vectors('lin0') }],
  ['["lin1"]', { config: { target_modules: ['lin1'] }, trained: vectors('lin1') }],
  ['["lin0", "lin1"]', { config: { target_modules: ['lin0', 'lin1'] }, trained: vectors('lin0', 'lin1') }],
  [
    '["lin0"] and modules_to_save=["lin1"]',
    {
      config: { target_modules: ['lin0'], modules_to_save: ['lin1'] },
      trained: [...vectors('lin0'), 'base_model.model.lin1.weight', 'base_model.model.lin1.bias'],
    },
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

describe.each(rows)('%s', (_row, { config, trained }) => {
  const small = { ...config, r: 8 };
  const fresh = () => get_peft_model(base, new VeraConfig(small));

  test('attributes: it is saved and loaded, and says which adapters its layers have', async () => {
    const model = await get_peft_model(base, new VeraConfig(small), 'mine');
    expect(model.save_pretrained).toBeTypeOf('function');
    expect(VeraModel.from_pretrained).toBeTypeOf('function');
    expect(model.get_layer_status().length).toBeGreaterThan(0);
    for (const { available_adapters } of model.get_layer_status()) expect(available_adapters).toEqual(['mine']);
  });

  test('in_features and out_features are exposed', async () => {
    const model = await fresh();
    const linear = model.named_modules().filter(({ type }) => type === 'Linear');
    expect(linear.map(({ in_features, out_features }) => [in_features, out_features])).toEqual([
      [10, 20],
      [20, 20],
      [20, 20],
      [20, 2],
    ]);
  });

  test("the base model's state dict has its original names", async () => {
    const model = await fresh();
    const names = [0, 1, 2, 3].flatMap((index) => [`lin${index}.weight`, `lin${index}.bias`]);
    expect([...(await model.state_dict()).keys()]).toEqual(names);
    expect(changed(await tensorsOf(base), await tensorsOf(model))).toEqual([]);
  });

  test('at init output == base', async () => {
    expect(await distance(await fresh(), plain)).toBe(0);
  });

  test('outputs are finite', async () => {
    const logits = await logitsOf(await get_peft_model(base, new VeraConfig({ ...small, init_weights: false })));
    expect(logits.every(Number.isFinite)).toBe(true);
  });

  test('training: only lambda (and modules_to_save) change', async () => {
    const model = await randomVera(base, small);
    const before = [await savedOf(model), await tensorsOf(base), await tensorsOf(model)] as const;
    await train(model);
    expect(changed(before[0], await savedOf(model)).toSorted()).toEqual(trained.toSorted());
    expect(changed(before[1], await tensorsOf(base))).toEqual([]);
    const whole = (small.modules_to_save ?? []).flatMap((module) => [`${module}.weight`, `${module}.bias`]);
    expect(changed(before[2], await tensorsOf(model)).toSorted()).toEqual(whole.toSorted());
  });

  test('the parameters that train are exactly those', async () => {
    const model = await fresh();
    const saved = await savedOf(model);
    const floats = trained.reduce((sum, name) => sum + (saved.get(name)?.length ?? Number.NaN), 0);
    expect(model.get_nb_trainable_parameters().trainable).toBe(floats);
  });

  test('disabled == base; re-enabled == before', async () => {
    const model = await randomVera(base, small);
    const before = await logitsOf(model);
    expect(await distance(before, plain)).toBeGreaterThan(TOLERANCE.merge);
    expect(await model.disable_adapter(() => distance(model, plain))).toBe(0);
    expect(await distance(model, before)).toBe(0);
    expect(opened.warnings).toEqual([]);
  });

  test('disabled == base also while merged; merged again afterwards', async () => {
    const model = await randomVera(base, small);
    await model.merge_adapter();
    const merged = await logitsOf(model);
    expect(await model.disable_adapter(() => distance(model, plain))).toBe(0);
    expect(await distance(model, merged)).toBe(0);
  });

  test('disabled after training == base', async () => {
    const model = await fresh();
    await train(model);
    expect(await distance(model, plain)).toBeGreaterThan(TOLERANCE.merge);
    expect(await model.disable_adapter(() => distance(model, plain))).toBe(0);
  });

  test.each(['all', 'vera_only'] as const)('bias=%s: a warning on disable, and the biases stay', async (bias) => {
    const model = await randomVera(base, { ...small, bias });
    expect(await model.disable_adapter(() => distance(model, plain))).toBeGreaterThan(TOLERANCE.merge);
    expect(opened.warnings).toEqual(['biases_stay']);
  });

  test.each([false, true])('merge → unmerge → merge_and_unload are equal, safe_merge=%s', async (safe_merge) => {
    const model = await randomVera(base, small);
    const before = await logitsOf(model);
    const weights = await tensorsOf(model);
    await model.merge_adapter({ safe_merge });
    expect(await distance(model, before)).toBeLessThan(TOLERANCE.merge);
    expect(await distance(model, plain)).toBeGreaterThan(TOLERANCE.merge);
    await model.unmerge_adapter();
    expect(await distance(model, before)).toBe(0);
    expect(changed(weights, await tensorsOf(model))).toEqual([]);
    const unloaded = await model.merge_and_unload({ safe_merge });
    expect(await distance(unloaded, before)).toBeLessThan(TOLERANCE.merge);
    expect(await distance(base, plain)).toBe(0);
  });

  test('after merge_and_unload no tuner layers and no peft_config are left', async () => {
    const model = await randomVera(base, small);
    const unloaded = await model.merge_and_unload();
    expect(unloaded).not.toBeInstanceOf(VeraModel);
    expect(unloaded).not.toHaveProperty('peft_config');
    expect([...(await unloaded.state_dict()).keys()]).toEqual([...(await base.state_dict()).keys()]);
    await expect(model.merge_adapter()).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await distance(await get_peft_model(unloaded, new VeraConfig(small)), unloaded)).toBe(0);
  });

  test('merging twice is idempotent and warns', async () => {
    const model = await randomVera(base, small);
    await model.merge_adapter();
    const merged = await logitsOf(model);
    expect(opened.warnings).toEqual([]);
    await model.merge_adapter();
    expect(opened.warnings).toEqual(['already_merged']);
    expect(await distance(model, merged)).toBe(0);
    await model.unmerge_adapter();
    await model.unmerge_adapter();
    expect(opened.warnings).toEqual(['already_merged', 'already_unmerged']);
  });

  test.each([
    ['NaN', Number.NaN],
    ['inf', Number.POSITIVE_INFINITY],
  ])('safe_merge refuses %s without mutation', async (_value, value) => {
    const model = await randomVera(base, small);
    await randomise(model, 'default', 1, value);
    const weights = await tensorsOf(model);
    const broken = { message: 'NaNs detected in the merged weights. The adapter default seems to be broken' };
    await expect(model.merge_adapter({ safe_merge: true })).rejects.toMatchObject(broken);
    await expect(model.merge_and_unload({ safe_merge: true })).rejects.toMatchObject(broken);
    expect(model.get_model_status().merged_adapters).toEqual([]);
    expect(changed(weights, await tensorsOf(model))).toEqual([]);
    await model.merge_adapter();
    expect(changed(weights, await tensorsOf(model)).length).toBeGreaterThan(0);
  });
});
