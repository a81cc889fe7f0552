import { describe, expect, test } from 'vitest';
import { LAYER_MODES, type LayerMode } from '../../../src/adapters/layers/training_layers';
import { LoraConfig } from '../../../src/adapters/lora/config/lora_config';
import { loraKind } from '../../../src/adapters/lora/kind';
import { loraLayers } from '../../../src/adapters/lora/layers/lora_layers';
import { layoutMatrices } from '../../../src/adapters/lora/lora_layout';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../../src/adapters/vera/kind';
import { veraLayers } from '../../../src/adapters/vera/layers/vera_layers';
import { trainingLayers } from '../../../src/adapters/vera/layers/vera_training_layers';
import type { VeraAdapter } from '../../../src/adapters/vera/vera_adapter';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { plainLayers } from '../../../src/models/layers';
import { doraNorm } from '../../../src/ops/dora/dora_norm';
import { doraScale } from '../../../src/ops/dora/dora_scale';
import { veraDown, veraLinears } from '../../../src/ops/vera/vera';
import { veraMerge } from '../../../src/ops/vera/vera_merge';
import { input } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { unplacedVera } from '../../helpers/session/vera_placer';
import { type Memory, runReference } from '../../reference/runner';

const [N, K, M, R] = [4, 8, 12, 3];
const MODULE = 'layer';

/** Creates a layer with one adapter, whose A and B are larger than the layer needs. */
function scene(fields: { readonly vera_dropout?: number } = {}) {
  const memory: Memory = new Map();
  const given = (name: string, shape: readonly number[], seed: number): Value => {
    const size = shape.reduce((a, b) => a * b);
    return input(memory, name, shape, randomArray(size, seed));
  };
  const adapter: VeraAdapter = unplacedVera({
    config: new VeraConfig({ r: R, use_dora: true, ...fields }),
    modules: [{ name: MODULE, in_features: K, out_features: M }],
    max_in: K + 2,
    max_out: M + 3,
  });
  const { A, B } = adapter.projections;
  memory.set(A, randomArray(R * (K + 2), 5)).set(B, randomArray((M + 3) * R, 6));
  memory.set(adapter.pool, randomArray(adapter.layout.length, 7));
  const [x, weight, bias] = [given('x', [N, K], 1), given('weight', [M, K], 2), given('bias', [M], 3)];
  const [residual, dy] = [given('residual', [N, M], 4), given('dy', [N, M], 8)];
  const block = input(memory, 'block', [8], blockWords({}), 'u32');
  const base = (g: Graph) => plainLayers(g, { weight: () => weight, bias: () => bias, parameter: () => weight });
  return { memory, adapter, x, weight, bias, residual, dy, block, base };
}

type Scene = ReturnType<typeof scene>;

/** Returns the offsets of λ_b, λ_d and the row norms in the pool (the adapter's buffer of trained values). */
function places({ adapter }: Scene) {
  const { offsetB: b, offsetD: d, offsetM: m = Number.NaN } = adapter.layout.slots.get(MODULE)!;
  return { b, d, m };
}

interface Result {
  readonly y: Float64Array;
  readonly dx: Float64Array;
  readonly grads: Float64Array;
}

/** Runs the layer forwards and backwards, and returns y and the gradients. */
function run(given: Scene, source?: { readonly seed: number; readonly block: Value }): Result {
  const { memory, adapter, x, residual, dy, base } = given;
  const grads = input(memory, 'grads', adapter.pool.shape, new Float64Array(adapter.layout.length));
  const g = new Graph();
  for (const value of [x, adapter.pool]) g.train(value);
  const y = veraLayers(g, base(g), [adapter], { mergedModules: new Set(), source }).linear(MODULE, x, { residual });
  const dx = g.grad(y, dy, new Map([[adapter.pool, grads]])).get(x)!;
  runReference(g.steps, memory);
  return { y: memory.get(y)!, dx: memory.get(dx)!, grads: memory.get(grads)! };
}

/** Computes the same results with PEFT's DoRA: lora_A = λ_d ⊙ A, lora_B = λ_b ⊙ B. The gradients of λ follow by the chain rule. */
function byDora(given: Scene, lora_dropout = 0): Result {
  const { memory, adapter, x, residual, dy, block, base } = given;
  const config = new LoraConfig({ r: R, lora_alpha: R, use_dora: true, lora_dropout });
  const modules = new Map([[MODULE, { in_features: K, out_features: M, r: R, scale: 1, hasBias: true }]]);
  const layout = layoutMatrices(modules, config);
  const pool = pinned('pool of the LoRA', [layout.length]);
  const parts = { kind: loraKind, name: 'lora', key: 'lora', trainable: true, origin: undefined, pool };
  const lora = loraKind.create({ ...parts, resolved: { config, modules, trained: [], layout }, frozen: undefined });
  const [vectors, at] = [memory.get(adapter.pool)!, places(given)];
  const [frozenA, frozenB] = [memory.get(adapter.projections.A)!, memory.get(adapter.projections.B)!];
  const { A, B } = lora.branchOf(MODULE)!;
  const m = lora.magnitudeOf(MODULE)!.pool;
  const numbers = new Float64Array(layout.length);
  const offsetOf = ({ view }: Value): number => view?.offset ?? 0;
  for (let j = 0; j < R; j++) {
    for (let k = 0; k < K; k++) numbers[offsetOf(A) + j * K + k] = vectors[at.d + j]! * frozenA[j * (K + 2) + k]!;
    for (let o = 0; o < M; o++) numbers[offsetOf(B) + o * R + j] = vectors[at.b + o]! * frozenB[o * R + j]!;
  }
  numbers.set(vectors.subarray(at.m, at.m + M), offsetOf(m));
  memory.set(pool, numbers);
  const sums = new Map([A, B, m].map((value) => [value, pinned(`d${value.name}`, value.shape)]));
  for (const value of sums.values()) memory.set(value, new Float64Array(value.shape.reduce((a, b) => a * b)));
  const g = new Graph();
  for (const value of [x, A, B, m]) g.train(value);
  const source = lora_dropout === 0 ? undefined : { seed: 5, block };
  const y = loraLayers(g, base(g), [lora], { mergedModules: new Set(), source }).linear(MODULE, x, { residual });
  const dx = g.grad(y, dy, sums).get(x)!;
  runReference(g.steps, memory);
  const gradient = (value: Value): Float64Array => memory.get(sums.get(value)!)!;
  const grads = new Float64Array(adapter.layout.length);
  for (let j = 0; j < R; j++) {
    for (let k = 0; k < K; k++) grads[at.d + j]! += gradient(A)[j * K + k]! * frozenA[j * (K + 2) + k]!;
    for (let o = 0; o < M; o++) grads[at.b + o]! += gradient(B)[o * R + j]! * frozenB[o * R + j]!;
  }
  grads.set(gradient(m), at.m);
  return { y: memory.get(y)!, dx: memory.get(dx)!, grads };
}

function expectEqual(actual: Result, expected: Result): void {
  for (const part of ['y', 'dx', 'grads'] as const) {
    expect(actual[part].length).toBe(expected[part].length);
    actual[part].forEach((value, at) => {
      expect(value, `${part}[${at}]`).toBeCloseTo(expected[part][at]!, 10);
    });
  }
}

describe('DVoRA is the DoRA of the LoRA that equals the VeRA', () => {
  test('its result and all gradients', () => {
    const given = scene();
    expectEqual(run(given), byDora(given));
  });

  test('with dropout, by the same masks', () => {
    const given = scene({ vera_dropout: 0.5 });
    expectEqual(run(given, { seed: 5, block: given.block }), byDora(given, 0.5));
  });
});

test('central differences by the input, λ_b, λ_d and the lengths of rows, with the norm held', () => {
  const { memory, adapter, x, weight, bias } = scene();
  const { A, B } = adapter.projections;
  const { offsetB, offsetD } = adapter.layout.slots.get(MODULE)!;
  const norm = input(memory, 'norm', [M], new Float64Array(M));
  const held = new Graph();
  const length = doraNorm(held, weight, adapter.changeOf(held, MODULE));
  runReference(held.steps, memory);
  memory.set(norm, memory.get(length)!.slice());
  const build = (g: Graph): Value => {
    const low = { u: veraDown(g, x, A), B, lambda: adapter.pool, offsetB, offsetD };
    const [t] = veraLinears(g, x, [{ weight, low }]);
    return doraScale(g, t!, { magnitude: adapter.magnitudeOf(MODULE)!, norm, bias });
  };
  expectGradient(build, memory, [x, adapter.pool, bias], { tolerance: 1e-6 });
});

test.each(LAYER_MODES)('a run whose layers are %s has the same result and gradients', (choice: LayerMode) => {
  const given = scene();
  const expected = run(given);
  const { memory, adapter, x, weight, residual, dy, base } = given;
  const grads = input(memory, 'grads of a run', adapter.pool.shape, new Float64Array(adapter.layout.length));
  const layers = trainingLayers(adapter, {
    weights: new Map([[MODULE, weight]]),
    inputs: () => new Map([[MODULE, x]]),
    choice,
    tokens: N,
    microBatches: 1,
    bytes: 2 ** 20,
    maxBindingBytes: 2 ** 20,
    grads,
  })!;
  for (const value of layers.values) memory.set(value, new Float64Array(value.shape.reduce((a, b) => a * b)));
  const g = new Graph();
  for (const value of [x, adapter.pool, ...layers.gradients.keys()]) g.train(value);
  const y = layers.over(g, base(g)).linear(MODULE, x, { residual });
  const dx = g.grad(y, dy, new Map([[adapter.pool, grads], ...layers.gradients])).get(x)!;
  for (const steps of [layers.before.steps, g.steps, layers.after.steps]) runReference(steps, memory);
  expectEqual({ y: memory.get(y)!, dx: memory.get(dx)!, grads: memory.get(grads)! }, expected);
});

test('a merged weight has rows of the trained lengths, and a new adapter begins with the lengths that its rows have', () => {
  const given = scene();
  const { memory, adapter, weight } = given;
  const [into, changed] = ['into', 'changed'].map((name) => input(memory, name, [M, K], new Float64Array(M * K)));
  const g = new Graph();
  adapter.merge(g, MODULE, weight, into!);
  veraMerge(g, { ...adapter.deltaOf(MODULE), weight }, changed!);
  runReference(g.steps, memory);
  const { m } = places(given);
  const lengths = (matrix: Value): number[] =>
    Array.from({ length: M }, (_, o) => Math.hypot(...memory.get(matrix)!.subarray(o * K, (o + 1) * K)));
  lengths(into!).forEach((length, o) => {
    expect(length).toBeCloseTo(Math.abs(memory.get(adapter.pool)![m + o]!), 10);
  });
  const fresh = new Graph();
  veraKind.begin!(fresh, adapter, () => weight);
  runReference(fresh.steps, memory);
  lengths(changed!).forEach((length, o) => {
    expect(memory.get(adapter.pool)![m + o]).toBeCloseTo(length, 10);
  });
});
