import { afterAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors';
import { toFloat32 } from '../../src/formats/values';
import { type AdapterFiles, AutoModelForCausalLM, VeraModel } from '../../src/index';
import { edited } from '../helpers/edited';
import { goldenBase, largestDifference } from '../helpers/golden';
import { addRandom, randomVera, savedOf } from '../helpers/peft';
import { bytesOf, openTestSession } from '../helpers/session';

/** Of a sum of r products, in float32. */
const TOLERANCE = 1e-5;
const MODULES = [0, 1].map((layer) => `model.layers.${layer}.self_attn.q_proj`);
const config = { r: 4, target_modules: ['q_proj'] };

const opened = await openTestSession();
const { session } = opened;
const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/llama'), { session });
afterAll(() => session.close());

async function deltaOf(model: VeraModel, module: string, name: string): Promise<Float32Array> {
  return (await model.get_delta_weight(module, name)).data;
}

/** Σ weights[i] · delta of adapters[i] */
async function sumOf(model: VeraModel, module: string, parts: Readonly<Record<string, number>>): Promise<number[]> {
  const deltas = await Promise.all(Object.keys(parts).map((name) => deltaOf(model, module, name)));
  const weights = Object.values(parts);
  return Array.from(deltas[0]!, (_, at) => deltas.reduce((sum, delta, index) => sum + weights[index]! * delta[at]!, 0));
}

/** Two adapters with the same λ_d: what one λ_b can sum up. */
async function twins(): Promise<VeraModel> {
  const model = await randomVera(base, config, 'one');
  const other = await savedOf(await randomVera(base, config, 'default', 5));
  const files = await edited(await model.save_pretrained(), {
    tensors: (all) => {
      for (const [name, tensor] of all) {
        if (name.endsWith('vera_lambda_b'))
          all.set(name, { ...tensor, bytes: new Uint8Array(other.get(name)!.slice().buffer) });
      }
    },
  });
  await model.load_adapter(files, 'two');
  return model;
}

describe('add_weighted_adapter', () => {
  test('gives the weighted sum of the changes, from its file too, and activates nothing', async () => {
    const model = await twins();
    await model.add_weighted_adapter(['one', 'two'], [0.25, -2], 'sum');
    expect(model.active_adapters).toEqual(['one']);
    expect(Object.keys(model.peft_config)).toEqual(['one', 'two', 'sum']);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained({ adapter_name: 'sum' }));
    for (const module of MODULES) {
      const sum = await sumOf(model, module, { one: 0.25, two: -2 });
      expect(largestDifference(await deltaOf(model, module, 'sum'), sum)).toBeLessThanOrEqual(TOLERANCE);
      expect(await deltaOf(loaded, module, 'default')).toEqual(await deltaOf(model, module, 'sum'));
    }
  });

  test('refuses what no one adapter can be, and points to save_as_lora', async () => {
    const model = await randomVera(base, config, 'one');
    await addRandom(model, 'two', config);
    await addRandom(model, 'thin', { ...config, r: 2 });
    for (const names of [['one', 'two'], ['one', 'thin'], []]) {
      const adding = model.add_weighted_adapter(
        names,
        names.map(() => 1),
        'sum',
      );
      await expect(adding).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    const adding = model.add_weighted_adapter(['one', 'two'], [1, 1], 'sum');
    await expect(adding).rejects.toMatchObject({ hint: expect.stringContaining('save_as_lora') });
    expect(Object.keys(model.peft_config)).toEqual(['one', 'two', 'thin']);
  });
});

describe('save_as_lora', () => {
  /** lora_B · lora_A of a module. */
  async function loraDelta(files: AdapterFiles, module: string): Promise<{ delta: number[]; r: number }> {
    const { tensors } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
    const [A, B] = ['A', 'B'].map((side) => tensors.get(`base_model.model.${module}.lora_${side}.weight`)!);
    const [r = 0, columns = 0] = A!.shape;
    const [a, b] = [toFloat32(A!), toFloat32(B!)];
    const delta = Array.from({ length: B!.shape[0]! * columns }, (_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      let sum = 0;
      for (let k = 0; k < r; k++) sum += b[row * r + k]! * a[k * columns + column]!;
      return sum;
    });
    return { delta, r };
  }

  test('changes weights as the active adapter does', async () => {
    const model = await randomVera(base, config);
    const files = await model.save_as_lora();
    const json = JSON.parse(await files['adapter_config.json'].text());
    expect(json).toMatchObject({ peft_type: 'LORA', r: 4, lora_alpha: 4, target_modules: ['q_proj'] });
    for (const module of MODULES) {
      const { delta } = await loraDelta(files, module);
      expect(largestDifference(delta, await deltaOf(model, module, 'default'))).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  test('sums up adapters of other ranks and keys', async () => {
    const model = await randomVera(base, config, 'one');
    await addRandom(model, 'two', { ...config, r: 2, projection_prng_key: 9 });
    const files = await model.save_as_lora({ adapters: ['one', 'two'], weights: [0.5, 3] });
    for (const module of MODULES) {
      const { delta, r } = await loraDelta(files, module);
      expect(r).toBe(6);
      expect(largestDifference(delta, await sumOf(model, module, { one: 0.5, two: 3 }))).toBeLessThanOrEqual(TOLERANCE);
    }
    await expect(model.save_as_lora({ adapters: ['nobody'] })).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('generate', () => {
  test('takes an adapter for one text, active or not', async () => {
    const model = await randomVera(base, { ...config, r: 16 }, 'one');
    await addRandom(model, 'two', { ...config, r: 16 }, 7);
    const text = async (of: typeof base, adapter_name?: string): Promise<number[]> => {
      const tokens: number[] = [];
      const settings = { max_new_tokens: 12, eos_token_id: null, ...(adapter_name && { adapter_name }) };
      for await (const { token_id } of of.generate([5, 6, 7], settings)) tokens.push(token_id);
      return tokens;
    };
    const [one, two, none] = [await text(model), await text(model, 'two'), await text(model, '__base__')];
    expect(none).toEqual(await text(base));
    expect(two).not.toEqual(one);
    expect(model.active_adapters).toEqual(['one']);
    await model.set_adapter('two');
    expect(await text(model)).toEqual(two);
    expect(await text(model, 'one')).toEqual(one);
    await expect(text(model, 'nobody')).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
