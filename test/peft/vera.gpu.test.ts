import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { get_peft_model, type PreTrainedModel, VeraConfig, VeraModel } from '../../src/index';
import { loadMlp } from '../helpers/models/mlp';
import {
  adaptersOf,
  addRandom,
  changed,
  distance,
  logitsOf,
  randomVera,
  savedOf,
  stateOf,
  TOLERANCE,
  train,
} from '../helpers/peft';
import { openTestSession, type TestSession } from '../helpers/session/session';

const shared = { target_modules: ['lin1', 'lin2'], r: 8, init_weights: false };
const unsaved = { ...shared, save_projection: false };

let opened: TestSession;
let base: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  base = await loadMlp(opened);
});
beforeEach(() => {
  opened.warnings.length = 0;
});
afterAll(() => opened.session.close());

describe('several adapters', () => {
  test('two adapters with the same key share the same A and B, and their outputs differ', async () => {
    const model = await randomVera(base, shared);
    await addRandom(model, 'other', shared);
    const [one, two] = await adaptersOf(model);
    expect(two?.projections).toBe(one?.projections);
    const first = await logitsOf(model);
    await model.set_adapter('other');
    expect(await distance(model, first)).toBeGreaterThan(TOLERANCE.twoAdapters);
  });

  // PEFT rejects the next four cases, because all its adapters share one A and B. Here each adapter has its own.
  test('different keys: each adapter draws its own A and B', async () => {
    const model = await randomVera(base, { ...shared, projection_prng_key: 123 });
    await addRandom(model, 'other', { ...shared, projection_prng_key: 456 }, 1);
    const [one, two] = [await savedOf(model), await savedOf(model, 'other')];
    expect(changed(one, two)).toEqual(['base_model.vera_A', 'base_model.vera_B']);
    const first = await logitsOf(model);
    await model.set_adapter('other');
    expect(await distance(model, first)).toBeGreaterThan(TOLERANCE.twoAdapters);
  });

  test('mixing save_projection: each file holds what its own adapter says', async () => {
    const model = await randomVera(base, shared);
    await addRandom(model, 'other', unsaved);
    expect((await savedOf(model)).has('base_model.vera_A')).toBe(true);
    expect((await savedOf(model, 'other')).has('base_model.vera_A')).toBe(false);
  });

  test('a second adapter with larger input computes what it does alone', async () => {
    const [narrow, wide] = [
      { ...shared, target_modules: ['lin0'] },
      { ...shared, target_modules: ['lin0', 'lin1'] },
    ];
    const model = await randomVera(base, narrow);
    const first = await logitsOf(model);
    await addRandom(model, 'other', wide);
    await model.set_adapter('other');
    expect(await distance(model, await randomVera(base, wide, 'default', 2))).toBe(0);
    await model.set_adapter('default');
    expect(await distance(model, first)).toBe(0);
  });

  test.each([456, 64])('a second adapter with another r than 123, %i, computes what it does alone', async (r) => {
    const model = await randomVera(base, { ...shared, r: 123 });
    await addRandom(model, 'other', { ...shared, r });
    await model.set_adapter('other');
    expect(await distance(model, await randomVera(base, { ...shared, r }, 'default', 2))).toBe(0);
  });

  test('a narrower second one takes over A and B; its file holds them, and computes the same alone', async () => {
    const [wide, narrow] = [
      { ...shared, target_modules: 'lin.' },
      { ...shared, target_modules: ['lin0'] },
    ];
    const model = await randomVera(base, wide);
    await addRandom(model, 'other', narrow);
    const [one, two] = await adaptersOf(model);
    expect(two?.projections).toBe(one?.projections);
    await model.set_adapter('other');
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect((await adaptersOf(loaded))[0]!.projections.A.shape).toEqual([8, 20]);
    expect(await distance(loaded, model)).toBe(0);
  });

  // In PEFT, the second adapter uses parts of the first one's A and B, so it computes other results when it is loaded alone.
  test('a narrower second one with save_projection=False draws its own, and computes the same alone', async () => {
    const model = await randomVera(base, { ...unsaved, target_modules: 'lin.' });
    await addRandom(model, 'other', { ...unsaved, target_modules: ['lin0'] });
    await model.set_adapter('other');
    expect((await adaptersOf(model))[1]!.projections.A.shape).toEqual([8, 10]);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(await distance(loaded, model)).toBe(0);
  });

  test.each([true, false])('two adapters, save_projection=%s: save, load, equal outputs', async (save_projection) => {
    const config = { ...shared, save_projection };
    const model = await randomVera(base, config);
    await addRandom(model, 'other', config);
    const files = [await model.save_pretrained(), await model.save_pretrained({ adapter_name: 'other' })] as const;
    const loaded = await VeraModel.from_pretrained(base, files[0]);
    await loaded.load_adapter(files[1], 'other');
    for (const name of ['default', 'other']) {
      await Promise.all([model, loaded].map((each) => each.set_adapter(name)));
      expect(await distance(loaded, model)).toBeLessThan(TOLERANCE.twoAdapters);
    }
  });
});

describe('A and B', () => {
  test('with save_projection=True, modified ones are restored from the file', async () => {
    // The test modifies A and B. Adapters with one key share them, so the test uses its own key.
    const model = await randomVera(base, { ...shared, projection_prng_key: 7 });
    const before = await logitsOf(model);
    const { projections } = (await adaptersOf(model))[0]!;
    const { runner } = (await stateOf(model)).base;
    for (const value of [projections.A, projections.B]) {
      const numbers = new Float32Array(await runner.read(value));
      runner.write(
        value,
        numbers.map((number) => 2 * number),
      );
    }
    const modified = await logitsOf(model);
    expect(await distance(modified, before)).toBeGreaterThan(TOLERANCE.twoAdapters);
    const files = await model.save_pretrained();
    await model.delete_adapter('default');
    const loaded = await VeraModel.from_pretrained(base, files);
    expect(opened.warnings).toContain('projection_differs');
    expect(await distance(loaded, modified)).toBeLessThan(TOLERANCE.roundTrip);
  });

  test('files with save_projection=False contain no vera_A and vera_B, those with True do', async () => {
    const namesOf = async (config: typeof unsaved | typeof shared) => [
      ...(await savedOf(await randomVera(base, config))).keys(),
    ];
    const vectors = ['lin1', 'lin2'].flatMap((module) =>
      ['b', 'd'].map((vector) => `base_model.model.${module}.vera_lambda_${vector}`),
    );
    expect(await namesOf(unsaved)).toEqual(vectors);
    expect(await namesOf(shared)).toEqual([...vectors, 'base_model.vera_A', 'base_model.vera_B']);
  });

  test('share memory across layers; A and B are not the same', async () => {
    const bytes = async () => (await base.memory()).gpu_bytes;
    const sizeOf = async (target_modules: string[]) => {
      const before = await bytes();
      // No other adapter has this key, so A and B are newly allocated.
      const model = await get_peft_model(base, new VeraConfig({ ...shared, target_modules, projection_prng_key: 99 }));
      const size = (await bytes()) - before;
      const { pool, projections } = (await adaptersOf(model))[0]!;
      expect(projections.A).not.toBe(projections.B);
      const saved = await savedOf(model);
      expect(saved.get('base_model.vera_A')).not.toEqual(saved.get('base_model.vera_B'));
      await model.delete_adapter('default');
      return size - 4 * (pool.shape[0] ?? 0);
    };
    const [one, two] = [await sizeOf(['lin1']), await sizeOf(['lin1', 'lin2'])];
    expect(one).toBe(2 * 4 * 8 * 20);
    expect(two).toBe(one);
  });

  test('different shapes: targets lin0 (10→20) and lin3 (20→2) give A (r,20) and B (20,r); forward runs', async () => {
    const model = await randomVera(base, { ...shared, target_modules: ['lin0', 'lin3'] });
    const { A, B } = (await adaptersOf(model))[0]!.projections;
    expect([A.shape, B.shape]).toEqual([
      [8, 20],
      [20, 8],
    ]);
    expect((await logitsOf(model)).every(Number.isFinite)).toBe(true);
    expect(await distance(model, base)).toBeGreaterThan(TOLERANCE.merge);
  });
});

describe('lambdas', () => {
  test('without init_weights begin otherwise in each adapter, and for one name always the same', async () => {
    const model = await get_peft_model(base, new VeraConfig(shared));
    await model.add_adapter('other', new VeraConfig(shared));
    const [first, other] = [await savedOf(model), await savedOf(model, 'other')];
    const ofD = [...first.keys()].filter((name) => name.endsWith('vera_lambda_d'));
    expect(changed(first, other)).toEqual(ofD);
    const again = await get_peft_model(base, new VeraConfig(shared), 'other');
    expect(changed(await savedOf(again), other)).toEqual([]);
  });

  test('share memory neither across layers nor across adapters', async () => {
    const model = await randomVera(base, shared);
    await model.add_adapter('other', new VeraConfig({ ...shared, init_weights: true }));
    const before = [await savedOf(model), await savedOf(model, 'other')] as const;
    await train(model);
    const after = [await savedOf(model), await savedOf(model, 'other')] as const;
    expect(changed(before[0], after[0]).length).toBe(4);
    expect(changed(before[1], after[1])).toEqual([]);
    const lambda = (module: string) => after[0].get(`base_model.model.${module}.vera_lambda_b`);
    expect(lambda('lin1')).not.toEqual(lambda('lin2'));
    const [one, two] = await adaptersOf(model);
    const offsets = [...one!.layout.slots.values()].flatMap(({ offsetB, offsetD }) => [offsetB, offsetD]);
    expect(new Set(offsets).size).toBe(4);
    expect(two?.pool).not.toBe(one?.pool);
  });
});
