import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../src/index';
import { goldenBase, largestDifference } from '../helpers/golden/golden';
import { decodersOfRing } from '../helpers/models/decoders';
import { addRandom, changed, distance, logitsOf, randomVera, savedOf, TOLERANCE, train } from '../helpers/peft';
import { oneBrowser } from '../helpers/session/one_browser';
import { type RunPlan, stopAt, trained } from '../helpers/session/resumed_run';
import { openTestSession, type TestSession } from '../helpers/session/session';

oneBrowser();

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());

const ids = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, position) => (17 * seed + 7 * position * (seed + 1)) % 96);
const train_dataset = Array.from({ length: 5 }, (_, row) => ({ input_ids: ids(6 + 3 * row, row) }));

describe.each(decodersOfRing())('$name', ({ name, whole, target_modules = null }) => {
  const config: VeraConfigInit = { r: 8, target_modules };
  let base: PreTrainedModel;
  beforeAll(async () => {
    base = await AutoModelForCausalLM.from_pretrained(goldenBase(`base/${name}`), { session: opened.session });
  });
  afterAll(() => base.dispose());

  test('rows of a mixed batch have their own adapters', async () => {
    const model = await randomVera(base, config, 'first');
    await addRandom(model, 'second', { ...config, r: 4, projection_prng_key: 3 });
    const alone: Float32Array[] = [];
    for (const adapter of ['first', 'second']) {
      await model.set_adapter(adapter);
      alone.push(await logitsOf(model));
    }
    const half = alone[0]!.length / 2;
    const plain = await logitsOf(base);
    const mixed = await logitsOf(model, ['first', 'second']);
    expect(largestDifference(mixed.subarray(0, half), alone[0]!.subarray(0, half))).toBeLessThan(TOLERANCE.merge);
    expect(largestDifference(mixed.subarray(half), alone[1]!.subarray(half))).toBeLessThan(TOLERANCE.merge);
    expect(largestDifference(mixed.subarray(half), alone[0]!.subarray(half))).toBeGreaterThan(TOLERANCE.merge);
    const other = await logitsOf(model, ['__base__', 'first']);
    expect(largestDifference(other.subarray(0, half), plain.subarray(0, half))).toBe(0);
  });

  test('a module that trains whole is saved, and merges', async () => {
    const model = await get_peft_model(base, new VeraConfig({ ...config, modules_to_save: [whole] }));
    const before = await savedOf(model);
    await train(model, 0.01);
    const after = await savedOf(model);
    expect(changed(before, after).filter((tensor) => tensor.includes(whole)).length).toBeGreaterThan(0);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    const own = await logitsOf(model);
    expect(await distance(loaded, own)).toBeLessThan(TOLERANCE.roundTrip);
    expect(await distance(await model.merge_and_unload(), own)).toBeLessThan(TOLERANCE.merge);
  });

  test('dropout is the same each time, and not nothing', async () => {
    const learned = async (vera_dropout: number): Promise<Map<string, Float32Array>> => {
      const model = await get_peft_model(base, new VeraConfig({ ...config, vera_dropout }));
      await train(model, 0.01);
      return savedOf(model);
    };
    const [dropped, again, whole] = [await learned(0.4), await learned(0.4), await learned(0)];
    expect(changed(dropped, again)).toEqual([]);
    expect(changed(dropped, whole)).not.toEqual([]);
  });

  test('a packed run learns', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    const args = { max_steps: 8, learning_rate: 0.05, packing: true, max_length: 24 };
    const run = new Trainer({ model, args, train_dataset }).train();
    await run;
    const losses = run.state.log_history.map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  test('a run that is resumed equals the uninterrupted one to the bit', async () => {
    const plan: RunPlan = {
      base: goldenBase(`base/${name}`),
      config: { ...config, modules_to_save: [whole] },
      init: { train_dataset, args: { max_steps: 8 } },
    };
    const straight = await trained({ ...plan, init: { ...plan.init, args: { max_steps: 8, save_strategy: 'no' } } });
    const first = await trained({ ...plan, meanwhile: stopAt(3) });
    expect(first.logs.length).toBeLessThan(8);
    const second = await trained({ ...plan, resume: true });
    expect(second.weights).toEqual(straight.weights);
    expect(second.weights).not.toEqual(first.weights);
  });
});
