import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  generateProjections,
  type Projections,
  roundProjections,
} from '../../../src/adapters/vera/projections/projections';
import { get_peft_model, type PreTrainedModel, VeraConfig, VeraModel } from '../../../src/index';
import { loadMlp } from '../../helpers/models/mlp';
import { adaptersOf, distance, logitsOf, randomise } from '../../helpers/peft';
import { openTestSession, type TestSession, vectorsOf } from '../../helpers/session/session';

const key = { projection_prng_key: 5, r: 8, max_in: 20, max_out: 20 };
const init = { r: key.r, projection_prng_key: key.projection_prng_key, target_modules: ['lin0', 'lin1'] };

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

/** Returns a model with seeded vectors. A and B are rounded as for a base model of this dtype. */
async function rounded(projection_dtype: 'float32' | 'float16' | 'bfloat16', more = {}): Promise<VeraModel> {
  const model = await get_peft_model(base, new VeraConfig({ ...init, ...more }), 'default', { projection_dtype });
  await randomise(model, 'default', 1);
  return model;
}

async function projectionsOf(model: VeraModel): Promise<Projections> {
  const tensors = await vectorsOf(await model.save_pretrained());
  const [A, B] = ['base_model.vera_A', 'base_model.vera_B'].map((name) => new Float32Array(tensors.get(name)!));
  return { A: A!, B: B! };
}

describe.each(['float16', 'bfloat16'] as const)('projection_dtype %s', (projection_dtype) => {
  test('saves the draws rounded to it, bit for bit', async () => {
    const exact = generateProjections(key);
    const expected = roundProjections(exact, projection_dtype);
    expect(expected).not.toEqual(exact);
    expect(await projectionsOf(await rounded(projection_dtype))).toEqual(expected);
    expect(await projectionsOf(await rounded('float32'))).toEqual(exact);
  });

  test('computes with them; a file without them gives the same with it, and something else without', async () => {
    const model = await rounded(projection_dtype, { save_projection: false });
    expect(await distance(model, await rounded('float32'))).toBeGreaterThan(0);
    const files = await model.save_pretrained();
    expect(await logitsOf(await VeraModel.from_pretrained(base, files, { projection_dtype }))).toEqual(
      await logitsOf(model),
    );
    expect(await distance(await VeraModel.from_pretrained(base, files), model)).toBeGreaterThan(0);
  });

  test('a file that holds them needs no telling, and gives no warning', async () => {
    const model = await rounded(projection_dtype);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(opened.warnings).toEqual([]);
    expect(await logitsOf(loaded)).toEqual(await logitsOf(model));
    const [[one], [two]] = [await adaptersOf(loaded), await adaptersOf(model)];
    expect(one!.projections).toBe(two!.projections);
  });

  test('a second adapter of another type has A and B of its own', async () => {
    const model = await rounded('float32');
    const first = await logitsOf(model);
    await model.add_adapter('second', new VeraConfig(init), { projection_dtype });
    await randomise(model, 'second', 1);
    await model.set_adapter('second');
    expect(await logitsOf(model)).toEqual(await logitsOf(await rounded(projection_dtype)));
    await model.set_adapter('default');
    expect(await logitsOf(model)).toEqual(first);
  });
});
