import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../../src/index';
import { loadMlp } from '../../helpers/models/mlp';
import {
  addRandom,
  changed,
  distance,
  logitsOf,
  randomise,
  randomVera,
  savedOf,
  stateOf,
  TOLERANCE,
  train,
} from '../../helpers/peft';
import { openTestSession, type TestSession } from '../../helpers/session/session';

const r = 8;
const config = { r, target_modules: ['lin0'] };
/** The number of parameters of the MLP. */
const PARAMETERS = 11 * 20 + 21 * 20 + 21 * 20 + 21 * 2;

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

async function twoAdapters(one: VeraConfigInit = config, two: VeraConfigInit = config): Promise<VeraModel> {
  const model = await randomVera(base, one);
  await addRandom(model, 'other', two);
  return model;
}

describe('active_adapter', () => {
  test('is the first one, and stays when others are added or loaded', async () => {
    const model = await twoAdapters();
    expect(model.active_adapters).toEqual(['default']);
    await model.load_adapter(await model.save_pretrained(), 'loaded');
    expect(model.active_adapters).toEqual(['default']);
  });

  test.each<[string, VeraConfigInit]>([
    ['the same modules', config],
    ['non-overlapping modules', { r, target_modules: ['lin1'] }],
    ['other modules_to_save', { r, target_modules: ['lin1'], modules_to_save: ['lin2'] }],
  ])('follows set_adapter: %s', async (_case, two) => {
    const model = await twoAdapters(config, two);
    const first = await logitsOf(model);
    await model.set_adapter('other');
    expect(model.active_adapters).toEqual(['other']);
    for (const { active_adapters } of model.get_layer_status()) expect(active_adapters).toEqual(['other']);
    expect(await distance(model, first)).toBeGreaterThan(TOLERANCE.merge);
    await model.set_adapter(['default']);
    expect(model.active_adapters).toEqual(['default']);
    expect(await distance(model, first)).toBe(0);
  });

  test('unknown → refused without mutation', async () => {
    const model = await twoAdapters();
    for (const names of ['none', ['other', 'none'], []]) {
      await expect(model.set_adapter(names)).rejects.toMatchObject({ code: 'invalid_argument' });
      expect(model.active_adapters).toEqual(['default']);
    }
  });

  test('set while merged unmerges first, and warns', async () => {
    const model = await twoAdapters();
    const first = await logitsOf(model);
    await model.merge_adapter();
    await model.set_adapter('other');
    expect(opened.warnings).toEqual(['unmerged']);
    expect(model.get_model_status().merged_adapters).toEqual([]);
    expect(await distance(model, first)).toBeGreaterThan(TOLERANCE.merge);
    await model.set_adapter('default');
    expect(await distance(model, first)).toBe(0);
  });
});

describe('delete', () => {
  test('the active adapter: another becomes active, with a warning', async () => {
    const model = await twoAdapters();
    await addRandom(model, 'a further', config, 3);
    await model.set_adapter('other');
    const others = await model.forward({ input_ids: [[0, 1]], adapter_names: ['a further'] });
    await model.delete_adapter('other');
    expect(opened.warnings).toEqual(['active_adapter_deleted']);
    expect(model.active_adapters).toEqual(['a further']);
    const { logits } = await model.forward({ input_ids: [[0, 1]] });
    expect(await distance(logits.data, others.logits.data)).toBeLessThan(TOLERANCE.merge);
  });

  test('an inactive adapter: nothing else changes', async () => {
    const model = await twoAdapters();
    const before = await logitsOf(model);
    await model.delete_adapter('other');
    expect(opened.warnings).toEqual([]);
    expect(model.active_adapters).toEqual(['default']);
    expect(await distance(model, before)).toBe(0);
  });

  test('an unknown adapter → refused', async () => {
    const model = await twoAdapters();
    await expect(model.delete_adapter('none')).rejects.toMatchObject({ message: 'Adapter none does not exist' });
    expect(Object.keys(model.peft_config)).toEqual(['default', 'other']);
  });

  test('leaves no dangling entries, and no memory', async () => {
    const model = await randomVera(base, config);
    const bytes = (await model.memory()).gpu_bytes;
    await addRandom(model, 'other', { ...config, r: 77, modules_to_save: ['lin1'] });
    expect((await model.memory()).gpu_bytes).toBeGreaterThan(bytes);
    await model.delete_adapter('other');
    expect((await model.memory()).gpu_bytes).toBe(bytes);
    expect(Object.keys(model.peft_config)).toEqual(['default']);
    expect(model.get_model_status()).toMatchObject({
      available_adapters: ['default'],
      requires_grad: { default: true },
      peft_types: { default: 'VERA' },
      devices: { default: ['webgpu'] },
    });
    for (const status of model.get_layer_status()) expect(status.available_adapters).toEqual(['default']);
    // The name can be used again. The new adapter has no values of the deleted one.
    await model.add_adapter('other', new VeraConfig(config));
    await model.set_adapter('other');
    expect(await distance(model, plain)).toBe(0);
  });

  test('a merged adapter → refused without mutation; the unmerged one of two can be deleted', async () => {
    const model = await twoAdapters();
    await model.merge_adapter();
    const merged = await logitsOf(model);
    await expect(model.delete_adapter('default')).rejects.toMatchObject({
      message: "Cannot delete adapter(s) ['default'] while they are merged. Please unmerge them first.",
    });
    expect(Object.keys(model.peft_config)).toEqual(['default', 'other']);
    expect(await distance(model, merged)).toBe(0);
    await model.delete_adapter('other');
    expect(await distance(model, merged)).toBe(0);
    expect(model.get_model_status()).toMatchObject({ merged_adapters: ['default'], available_adapters: ['default'] });
  });

  test('the last adapter: the base model is left, and takes new ones', async () => {
    const model = await randomVera(base, config);
    await model.delete_adapter('default');
    expect(model.active_adapters).toEqual([]);
    expect(await distance(model, plain)).toBe(0);
    await addRandom(model, 'new', config);
    expect(model.active_adapters).toEqual(['new']);
    expect(await distance(model, plain)).toBeGreaterThan(TOLERANCE.merge);
  });
});

describe('disable_adapter', () => {
  test('restores the previous state, however deep and however it ends', async () => {
    const model = await twoAdapters();
    const before = await logitsOf(model);
    await model.disable_adapter(async () => {
      expect(await model.disable_adapter(() => distance(model, plain))).toBe(0);
      expect(await distance(model, plain)).toBe(0);
      expect(model.get_model_status().enabled).toBe(false);
    });
    await expect(model.disable_adapter(() => Promise.reject(new Error('oops')))).rejects.toThrow('oops');
    expect(model.get_model_status().enabled).toBe(true);
    expect(await distance(model, before)).toBe(0);
  });

  test('while it lasts another adapter may be set, merged and deleted', async () => {
    const model = await twoAdapters();
    await model.set_adapter('other');
    const other = await logitsOf(model);
    await model.set_adapter('default');
    await model.disable_adapter(async () => {
      await model.set_adapter('other');
      await model.delete_adapter('default');
      await model.merge_adapter();
      expect(await distance(model, plain)).toBe(0);
    });
    expect(await distance(model, other)).toBeLessThan(TOLERANCE.merge);
    await model.unmerge_adapter();
    expect(await distance(model, other)).toBe(0);
  });
});

describe.each<[string, VeraConfigInit]>([
  ['different targets', { r, target_modules: ['lin1'] }],
  ['same targets', config],
])('requires_grad only on the active adapter: %s', (_case, two) => {
  const requiresGrad = (model: VeraModel) => model.get_model_status().requires_grad;

  test('through add, set, disable and re-enable', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    expect(requiresGrad(model)).toEqual({ default: true });
    await model.add_adapter('other', new VeraConfig(two));
    expect(requiresGrad(model)).toEqual({ default: true, other: false });
    await model.set_adapter('other');
    expect(requiresGrad(model)).toEqual({ default: false, other: true });
    const counts = model.get_nb_trainable_parameters();
    expect(counts.trainable).toBeGreaterThan(0);
    await model.disable_adapter(async () => {
      expect(requiresGrad(model)).toEqual({ default: false, other: false });
      expect(model.get_model_status().trainable_params).toBe(0);
      expect(model.get_nb_trainable_parameters()).toEqual({ ...counts, trainable: 0 });
    });
    expect(model.get_nb_trainable_parameters()).toEqual(counts);
    expect(requiresGrad(model)).toEqual({ default: false, other: true });
    for (const { name, requires_grad } of model.get_layer_status()) {
      expect(requires_grad.other ?? false, name).toBe(name === `model.${String(two.target_modules)}`);
      expect(requires_grad.default ?? false, name).toBe(false);
    }
  });

  test('what is counted as trainable is of the active adapters alone', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    await model.add_adapter('other', new VeraConfig({ ...two, r: 5 }));
    const count = async (names: string[]) => {
      await model.set_adapter(names);
      expect(model.get_model_status().trainable_params).toBe(model.get_nb_trainable_parameters().trainable);
      expect(model.get_nb_trainable_parameters().all).toBe(PARAMETERS + 28 + 25);
      return model.get_nb_trainable_parameters().trainable;
    };
    expect([await count(['default']), await count(['other']), await count(['default', 'other'])]).toEqual([28, 25, 53]);
  });

  test('training touches lambda_b and lambda_d of it alone, never A and B', async () => {
    const model = await twoAdapters(config, two);
    await model.set_adapter('other');
    const before = [await savedOf(model), await savedOf(model, 'default')] as const;
    await train(model);
    const [module] = two.target_modules ?? [];
    expect(changed(before[0], await savedOf(model))).toEqual(
      ['b', 'd'].map((vector) => `base_model.model.${module}.vera_lambda_${vector}`),
    );
    expect(changed(before[1], await savedOf(model, 'default'))).toEqual([]);
    await expect(model.disable_adapter(() => train(model))).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

test.each(['lin0.*', '(lin0|vera_A).*'])('%s: a second adapter wraps nothing of the first', async (target_modules) => {
  const model = await get_peft_model(base, new VeraConfig({ r, target_modules }));
  await model.add_adapter('other', new VeraConfig({ r, target_modules }));
  await randomise(model, 'other', 2);
  const wrapped = (await stateOf(model)).adapters.map(({ modules }) => [...modules.keys()]);
  expect(wrapped).toEqual([['lin0'], ['lin0']]);
  expect([...(await savedOf(model, 'other')).keys()]).toEqual([...(await savedOf(model)).keys()]);
});
