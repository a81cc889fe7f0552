import { afterAll, describe, expect, test } from 'vitest';
import { type RawTensor, readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { transpose } from '../../../src/formats/tensors/transpose';
import { type AdapterFiles, AutoModelForCausalLM, VeraConfig, VeraModel } from '../../../src/index';
import {
  goldenAdapter,
  goldenBase,
  goldenCase,
  goldenTensors,
  largestDifference,
  tokensOf,
} from '../../helpers/golden/golden';
import { goldenNames } from '../../helpers/golden/golden_index';
import { Float64Model, product } from '../../helpers/models/float64_model';
import { changedFiles, randomAdapter } from '../../helpers/models/random_adapter';
import { tensorsIn } from '../../helpers/models/vera_values';
import { bytesOf, loadBase, openTestSession } from '../../helpers/session/session';

/** The golden cases whose model has a float64 implementation in the tests. */
const cases = goldenNames(({ family, task }) => task === 'causal_lm' && ['llama', 'gpt2', 'opt'].includes(family));

const opened = await openTestSession();
afterAll(() => opened.session.close());

describe.each(cases)('the LoRA of %s', async (name) => {
  const golden = goldenCase(name);
  const { inputs, tolerance, expect: expected } = golden;
  const tensors = goldenTensors(name);
  const V = tensors.get('base.logits')!.length / inputs.batch.attention_mask.flat().length;
  const isToken = tokensOf(inputs.batch, V);
  const distance = (logits: ArrayLike<number>, figure: string): number =>
    largestDifference(logits, tensors.get(`${figure}.logits`)!, isToken);

  const exact = await Float64Model.load(golden.base);
  const vera = await VeraModel.from_pretrained(await loadBase(opened, name), goldenAdapter(name, 'adapter'));
  const files = await vera.save_as_lora();
  const changed = await applied(exact, files);

  test('gives PEFT’s logits on the base model in float64', () => {
    expect(distance(exact.logits(inputs.batch), 'base')).toBeLessThanOrEqual(tolerance.logits_abs);
    expect(distance(exact.logits(inputs.batch), 'random')).toBeGreaterThan(100 * tolerance.logits_abs);
    expect(distance(exact.logits(inputs.batch, changed), 'random')).toBeLessThanOrEqual(tolerance.logits_abs);
  });

  test('is written the same when the adapter is named', async () => {
    for (const same of [{ adapter_name: 'default' }, { adapters: ['default'] }]) {
      const again = await vera.save_as_lora(same);
      for (const file of ['adapter_config.json', 'adapter_model.safetensors'] as const) {
        expect(await bytesOf(again[file])).toEqual(await bytesOf(files[file]));
      }
    }
  });

  test('gives them on the GPU as a model’s own weights', async () => {
    const folder = goldenBase(golden.base).files;
    folder.set('model.safetensors', new Blob([await rewritten(folder.get('model.safetensors')!, exact, changed)]));
    const model = await AutoModelForCausalLM.from_pretrained({ files: folder }, { session: opened.session });
    const { logits, loss } = await model.forward(inputs.batch);
    expect(distance(logits.data, 'random')).toBeLessThanOrEqual(tolerance.logits_abs);
    expect(Math.abs(loss! - expected.random.loss)).toBeLessThanOrEqual(tolerance.loss_abs);
  });
});

describe.each([
  { name: 'two_adapters_llama', base: 'base/llama' },
  { name: 'two_adapters_gpt2', base: 'base/gpt2' },
])('weighted sums: $name', async ({ name, base }) => {
  const { session } = opened;
  const exact = await Float64Model.load(base);
  const batch = goldenCase(name).inputs.batch;
  const golden = goldenTensors(name);
  const model = await AutoModelForCausalLM.from_pretrained(goldenBase(base), { session });
  const files = (folder: string): AdapterFiles => {
    const { files } = goldenAdapter(name, folder);
    return {
      'adapter_config.json': files.get('adapter_config.json')!,
      'adapter_model.safetensors': files.get('adapter_model.safetensors')!,
    };
  };
  const first = files('adapters');
  const second = files('adapters/other');
  /** The second adapter, with λ_d of the first adapter in the modules that both wrap. */
  const sameD = await withVectors(second, first, 'vera_lambda_d');
  const sameB = await withVectors(second, first, 'vera_lambda_b');
  /** An adapter with another rank and other projections. */
  const narrow = await randomAdapter(model, new VeraConfig({ r: 4, projection_prng_key: 9 }), 3);
  const vera = await VeraModel.from_pretrained(model, first, { adapter_name: 'first' });
  const sources: Readonly<Record<string, AdapterFiles>> = { first, second, narrow, sameD, sameB };
  for (const [adapter, of] of Object.entries(sources).slice(1)) await vera.load_adapter(of, adapter);

  /** Returns float64 logits of the base model with Σ weight·ΔW added. ΔW is computed from the adapters' files. */
  async function byHand(adapters: readonly string[], weights: readonly number[]): Promise<Float64Array> {
    const over = new Map<string, Float64Array>();
    for (const [index, adapter] of adapters.entries()) {
      for (const [name, delta] of await deltas(exact, sources[adapter]!)) {
        const sum = over.get(name) ?? exact.tensor(name);
        over.set(
          name,
          sum.map((value, at) => value + weights[index]! * delta[at]!),
        );
      }
    }
    return exact.logits(batch, over);
  }

  const logitsOf = async (): Promise<Float32Array> => (await vera.forward(batch)).logits.data;
  const base64 = exact.logits(batch);
  /** The tolerance of rounding a LoRA's two factors to float32: it changes logits near 10 by some 1e-6. */
  const FACTORS_ROUNDED = 1e-5;
  /** The tolerance of logits on the GPU, as in the golden cases. */
  const ON_GPU = 2e-4;

  test.each([
    { adapter_name: 'first', other: 'second' },
    { adapter_name: 'second', other: 'first' },
  ])('of $adapter_name alone, active or not: PEFT’s logits in float64', async ({ adapter_name, other }) => {
    const [own, others] = [adapter_name, other].map((step) => golden.get(`${step}_active.logits`)!);
    for (const active of [adapter_name, other]) {
      await vera.set_adapter(active);
      const logits = exact.logits(batch, await applied(exact, await vera.save_as_lora({ adapter_name })));
      expect(largestDifference(logits, own!)).toBeLessThanOrEqual(ON_GPU);
      expect(largestDifference(logits, others!)).toBeGreaterThan(100 * ON_GPU);
    }
  });

  test.each([
    { adapters: ['first', 'second'], weights: [1, 1], rank: 16 },
    { adapters: ['first', 'second'], weights: [0.6, -1.5], rank: 16 },
    { adapters: ['second', 'first'], weights: [0, 2], rank: 16 },
    { adapters: ['first', 'narrow', 'second'], weights: [0.5, 1.25, -0.75], rank: 20 },
  ])('as a LoRA: $weights of $adapters', async ({ adapters, weights, rank }) => {
    const lora = await vera.save_as_lora({ adapters, weights });
    const { r, lora_alpha } = JSON.parse(await lora['adapter_config.json'].text());
    expect([r, lora_alpha]).toEqual([rank, rank]);
    const logits = exact.logits(batch, await applied(exact, lora));
    const hand = await byHand(adapters, weights);
    expect(largestDifference(logits, hand)).toBeLessThanOrEqual(FACTORS_ROUNDED);
    expect(largestDifference(hand, base64)).toBeGreaterThan(1000 * FACTORS_ROUNDED);
  });

  test('of weights 1 and 1 is what both give when they are active', async () => {
    await vera.set_adapter(['first', 'second']);
    const logits = exact.logits(
      batch,
      await applied(exact, await vera.save_as_lora({ adapters: ['first', 'second'] })),
    );
    expect(largestDifference(await logitsOf(), logits)).toBeLessThanOrEqual(ON_GPU);
    expect(largestDifference(logits, golden.get('both_active.logits')!)).toBeLessThanOrEqual(ON_GPU);
  });

  test.each([
    { other: 'sameD', weights: [0.6, -1.5] },
    { other: 'sameB', weights: [0.6, -1.5] },
    { other: 'second', weights: [0.25, 0] },
    { other: 'second', weights: [0, 0.25] },
  ])('as one adapter, of the first and $other: $weights', async ({ other, weights }) => {
    await vera.set_adapter('first');
    const adapters = ['first', other];
    await vera.add_weighted_adapter(adapters, weights, 'sum');
    expect(vera.active_adapters).toEqual(['first']);
    await vera.set_adapter('sum');
    const lora = await applied(exact, await vera.save_as_lora({ adapters, weights }));
    const logits = await logitsOf();
    expect(largestDifference(logits, exact.logits(batch, lora))).toBeLessThanOrEqual(ON_GPU);
    const hand = await byHand(adapters, weights);
    expect(largestDifference(logits, hand)).toBeLessThanOrEqual(ON_GPU);

    const anew = await VeraModel.from_pretrained(model, await vera.save_pretrained());
    expect((await anew.forward(batch)).logits.data).toEqual(logits);
    await vera.delete_adapter('sum');
  });

  test.each([
    { other: 'second', expected: 'the same λ_d or the same λ_b' },
    { other: 'narrow', expected: 'adapters of one rank, got r = 8, 4' },
  ])('not as one adapter, of the first and $other, and then nothing has changed', async ({ other, expected }) => {
    await vera.set_adapter('first');
    const before = [Object.keys(vera.peft_config), vera.active_adapters, await logitsOf()];
    await expect(vera.add_weighted_adapter(['first', other], [1, 1], 'sum')).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining(expected),
      hint: expect.stringContaining('save_as_lora'),
    });
    expect([Object.keys(vera.peft_config), vera.active_adapters, await logitsOf()]).toEqual(before);
  });
});

/** Returns a base model's weights and biases with a LoRA merged into them, in float64: W + (alpha/r)·B·A. */
async function applied(base: Float64Model, files: AdapterFiles): Promise<Map<string, Float64Array>> {
  const { r, lora_alpha } = JSON.parse(await files['adapter_config.json'].text());
  const lora = tensorsIn(await bytesOf(files['adapter_model.safetensors']));
  const over = new Map<string, Float64Array>();
  for (const [key, A] of lora) {
    const name = key.replace('base_model.model.', '');
    if (name.endsWith('.lora_A.weight')) {
      const B = lora.get(key.replace('lora_A', 'lora_B'))!;
      const weight = name.replace('.lora_A', '');
      const delta = product(B, A);
      over.set(
        weight,
        base.tensor(weight).map((value, index) => value + (lora_alpha / r) * delta[index]!),
      );
    } else if (name.endsWith('.base_layer.bias')) {
      over.set(name.replace('.base_layer', ''), Float64Array.from(A.data));
    } else {
      expect(name).toMatch(/\.lora_B\.weight$/);
    }
  }
  return over;
}

/** Returns ΔW = λ_b ⊙ B·(λ_d ⊙ A) in float64, (out, in), for each weight that an adapter's files change, by its name. */
async function deltas(base: Float64Model, files: AdapterFiles): Promise<Map<string, Float64Array>> {
  const tensors = tensorsIn(await bytesOf(files['adapter_model.safetensors']));
  const [A, B] = [tensors.get('base_model.vera_A')!, tensors.get('base_model.vera_B')!];
  const r = A.dims[0]!;
  const result = new Map<string, Float64Array>();
  for (const [key, { data: b }] of tensors) {
    if (!key.endsWith('.vera_lambda_b')) continue;
    const d = tensors.get(key.replace('lambda_b', 'lambda_d'))!.data;
    const name = key.replace('base_model.model.', '').replace('.vera_lambda_b', '.weight');
    const inputs = base.tensor(name).length / b.length;
    const delta = new Float64Array(b.length * inputs);
    for (let o = 0; o < b.length; o++) {
      for (let i = 0; i < inputs; i++) {
        let sum = 0;
        for (let k = 0; k < r; k++) sum += B.data[o * r + k]! * d[k]! * A.data[k * A.dims[1]! + i]!;
        delta[o * inputs + i] = b[o]! * sum;
      }
    }
    result.set(name, delta);
  }
  return result;
}

/** Returns an adapter's files, with vectors of one kind (λ_b or λ_d) replaced by those of the adapter `from`. */
async function withVectors(files: AdapterFiles, from: AdapterFiles, kind: string): Promise<AdapterFiles> {
  const theirs = tensorsIn(await bytesOf(from['adapter_model.safetensors']));
  return changedFiles(files, (name, numbers) => {
    if (name.endsWith(kind)) numbers.set(theirs.get(name)!.data);
  });
}

/** Rewrites a float32 model file with some tensors replaced. Names and layouts stay those of the file. */
async function rewritten(
  file: Blob,
  base: Float64Model,
  over: ReadonlyMap<string, Float64Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { tensors } = readSafetensors(await bytesOf(file));
  const all = new Map<string, RawTensor>(tensors);
  for (const [name, numbers] of over) {
    const inFile = [name, name.replace('transformer.', '')].find((other) => tensors.has(other))!;
    const { shape } = tensors.get(inFile)!;
    const [columns = 0, rows = 0] = shape;
    const data = Float32Array.from(numbers);
    const values = base.isTransposed(name) ? transpose(data, rows, columns) : data;
    all.set(inFile, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
  }
  return writeSafetensors(all);
}
