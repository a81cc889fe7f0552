import { expect, test, vi } from 'vitest';
import { allTunableKernels } from '../../../src/adapters/adapter_kinds';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { loraDownForward, loraLinearForward } from '../../../src/ops/lora/lora_linear';
import { mixedUpForward } from '../../../src/ops/mixed/mixed_up';
import { linear, linears } from '../../../src/ops/products/linear';
import { linesOf, rightStorage } from '../../../src/ops/products/operand_storage';
import { swigluLinearBackward } from '../../../src/ops/products/swiglu_linear';
import { veraAdd, veraLinears } from '../../../src/ops/vera/vera';
import { veraLinearBackward } from '../../../src/ops/vera/vera_linear';
import { input, runOnGpu, TILES_IN_F16 } from '../../helpers/gpu/on_gpu';
import type { LowRankSizes } from '../../helpers/gpu/product_sizes';
import { type Fill, integerArray, randomArray } from '../../helpers/maths/random';
import { ofRing, testInAll, testOnce } from '../../helpers/ring';
import { type Memory, runReference } from '../../reference/runner';

// The software GPU llvmpipe takes seconds to compile a tile that isn't in Mesa's shader cache.
vi.setConfig({ testTimeout: 240_000 });

interface Products {
  readonly g: Graph;
  readonly memory: Memory;
  readonly wanted: readonly Value[];
  /** The values in `wanted` that are inexact even for small whole numbers. */
  readonly rounded: readonly Value[];
}

/** Builds products that may run in f16. Each reads only inputs, so that no result is another product's operand. */
function products({ N, K, M, R }: LowRankSizes, fill: Fill): Products {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], fill(N * K, 1));
  const u = input(memory, 'u', [N, R], fill(N * R, 2));
  const B = input(memory, 'B', [M, R], fill(M * R, 3));
  const lambda = input(memory, 'lambda', [M + R], fill(M + R, 4));
  const weights = [5, 6, 7].map((seed) => input(memory, `weight ${seed}`, [M, K], fill(M * K, seed)));
  const base = input(memory, 'base', [N, M], fill(N * M, 8));
  const g = new Graph();
  for (const value of [x, u]) g.train(value);
  const low = { u, B, lambda, offsetB: 0, offsetD: M };
  const layers = weights.map((weight, i) => (i === 2 ? { weight } : { weight, low, saved: i === 1 }));
  const ys = [...veraLinears(g, x, layers), veraAdd(g, base, low)];
  // These products with the same input share a dispatch.
  const pair = layers.slice(0, 2).map(({ weight }) => ({ weight, low, saved: false }));
  const shared = [...veraLinears(g, x, pair), ...linears(g, x, layers.slice(1))];
  const A = input(memory, 'A', [R, K], fill(R * K, 9));
  const into = veraLinearBackward.kernel(linesOf([M, R, K], K), rightStorage(weights[0]!));
  const sizesOfInto = { N, K, R, M0: M, M1: 0, M2: 0, at_dy1: 0, at_dy2: 0, stride: K, has_sum: 0 };
  const [weight0, weight1, weight2] = weights as [Value, Value, Value];
  const operandsOfInto = { dy: base, weight0, weight1, weight2, du: u, A, sum: x };
  const ofInto = g.emit(into, operandsOfInto, { dx: [N, K] }, sizesOfInto).dx;
  const down = loraDownForward.kernel(linesOf([K], R), rightStorage(A));
  const ofDown = g.emit(down, { x, A }, { u: [N, R] }, { N, R, K, scale: 2 }).u;
  const weight = weights[2]!;
  const linearAndBranch = loraLinearForward.kernel(linesOf([K, R], M), rightStorage(weight));
  const operands = { x, u, weight, bias: x, B, residual: base };
  const ofBranch = g.emit(linearAndBranch, operands, { y: [N, M] }, { N, M, K, R, has_bias: 0, has_residual: 1 }).y;
  const gated = { N, K, M, R, stride: K };
  const ofGated = g.emit(
    swigluLinearBackward.kernel('vec4', rightStorage(weight)),
    { dy: base, weight, du: u, A, gate: x, up: x },
    { d_gate: [N, K], d_up: [N, K] },
    gated,
  );
  const which = input(memory, 'which', [1], Float64Array.of(0), 'u32');
  const ofUp = g.emit(
    mixedUpForward.kernel(linesOf([R], M), rightStorage(B)),
    { v: u, B, y: base, table: lambda, which },
    { w: [N, M], z: [N, M] },
    { N, M, R, T: N, vector_at: 0, stride: M + R },
  ).z;
  const end = pinned('end', [1]);
  const dys = ys.map((y, i) => input(memory, `d${y.name} ${i}`, [N, M], fill(N * M, 10 + i)));
  g.differentiateAll([end], ys, (_, sums) => {
    for (const [i, y] of ys.entries()) sums.put(y, dys[i]);
  });
  const gradients = g.grad(end, end, new Map());
  const rounded = [ofGated.d_gate, ofGated.d_up];
  const made = [ofDown, ofBranch, ofInto, ofUp, ...rounded];
  return { g, memory, wanted: [...ys, ...shared, ...made, gradients.get(x)!, gradients.get(u)!], rounded };
}

const absolute = (memory: Memory): Memory =>
  new Map([...memory].map(([value, numbers]) => [value, numbers.map(Math.abs)]));
const copied = (memory: Memory): Memory => new Map([...memory].map(([value, numbers]) => [value, numbers.slice()]));

/** Returns the largest |GPU − float64| / Σ |a·b| of each result. The same products compute Σ |a·b| from absolute values. */
async function errors({ g, memory, wanted }: Omit<Products, 'rounded'>, variant: string): Promise<number[]> {
  const gpu = await runOnGpu(g.steps, memory, wanted, { variant });
  const [exact, sizes] = [copied(memory), absolute(memory)];
  runReference(g.steps, exact);
  runReference(g.steps, sizes);
  const shares = (value: Value): number[] => {
    const [is, should, size] = [gpu.get(value)!, exact.get(value)!, sizes.get(value)!];
    return [...is].map((v, at) => (v === should[at] ? 0 : Math.abs(v - should[at]!) / size[at]!));
  };
  return wanted.map((value) => Math.max(...shares(value)));
}

/**
 * The limit of the relative error, as derived in tile_stage_f16.wgsl, for rounding to nearest: once for each of the two operands,
 * and eight times in the f16 sum of eight products. Adding such sums in f32 adds an error of about 2⁻²⁰.
 */
const BOUND = (2 + 8) * 2 ** -11;

testOnce(
  'products of activations and their gradients may be in f16, those for gradients of weights and vectors not',
  () => {
    const names = allTunableKernels().flatMap(({ name, variants }) =>
      variants.some((v) => v.name === 'f16') ? [name] : [],
    );
    expect([...new Set(names)].toSorted()).toEqual([
      'linear',
      'linear_backward',
      'linear_shard',
      'linear_shard_backward',
      'linears',
      'lora_down',
      'lora_linear',
      'mixed_up',
      'rms_norm_linear',
      'rms_norm_up_backward',
      'swiglu_linear_backward',
      'swiglu_linears',
      'turned_linears',
      'vera_add',
      'vera_linear',
      'vera_linear_backward',
      'vera_linears',
      'vera_saved',
      'vera_saved_backward',
      'vera_swiglu_linears',
      'vera_turned_linears',
      'vera_up_backward',
    ]);
  },
);

testInAll('small whole numbers: exact', async () => {
  const made = products({ N: 65, K: 36, M: 68, R: 12 }, (length, seed) => integerArray(length, seed, 2));
  const found = await errors(made, 'f16_small');
  const isRounded = (at: number): boolean => made.rounded.includes(made.wanted[at]!);
  expect(found.filter((_, at) => !isRounded(at)).every((error) => error === 0)).toBe(true);
  // The other results depend on a sigmoid, which is rounded to f32.
  expect(Math.max(...found)).toBeLessThan(2 ** -20);
});

testInAll('random numbers: within the bound', async () => {
  const made = products({ N: 65, K: 132, M: 68, R: 100 }, randomArray);
  const found = await errors(made, 'f16_small');
  expect(Math.max(...found)).toBeLessThan(BOUND);
  // If the products ran in f32, their errors would be about a thousandth of this limit.
  expect(Math.min(...found)).toBeGreaterThan(BOUND / 100);
});

test.each(ofRing(TILES_IN_F16))('%s: a low-rank range before the other', async (variant) => {
  const { g, memory, wanted } = products({ N: 65, K: 132, M: 68, R: 100 }, randomArray);
  const first = g.steps.find(({ kernel }) => kernel.name === 'vera_linear');
  expect(first).toBeDefined();
  const [error = 1] = await errors(
    { g: { ...g, steps: [first!] } as Graph, memory, wanted: wanted.slice(0, 1) },
    variant,
  );
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(BOUND);
});

const [N, K, M] = [37, 68, 36] as const;

/** Computes x·weightᵀ in f16. */
async function product(xs: Float64Array, weights: Float64Array): Promise<Float64Array> {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], xs);
  const weight = input(memory, 'weight', [M, K], weights);
  const g = new Graph();
  const y = linear(g, x, weight);
  return (await runOnGpu(g.steps, memory, [y], { variant: 'f16_small' })).get(y)!;
}

testOnce('rows from 1e-21 to 1e21, side by side: the same digits as of rows around 1', async () => {
  const [x, weight] = [randomArray(N * K, 1), randomArray(M * K, 2)];
  // Multiplying by a power of two changes no digit.
  const power = (row: number): number => 2 ** (((row * 41) % 141) - 70);
  const plain = await product(x, weight);
  const scaled = await product(
    x.map((v, at) => v * power(Math.floor(at / K))),
    weight.map((v) => v * 2 ** 20),
  );
  expect(scaled).toEqual(plain.map((v, at) => v * power(Math.floor(at / M)) * 2 ** 20));
});

testOnce('numbers beyond f16 and non-finite ones stay so, and only in their own row', async () => {
  const [x, weight] = [randomArray(N * K, 1), randomArray(M * K, 2)];
  const plain = await product(x, weight);
  const [large, infinite, nan] = [5, 6, 9];
  const odd = x.slice();
  for (const [row, value] of [
    [large, 1e6],
    [infinite, Number.POSITIVE_INFINITY],
    [nan, Number.NaN],
  ] as const)
    odd[row * K + 7] = value;
  const y = await product(odd, weight);
  for (let row = 0; row < N; row++) {
    const [is, was] = [y, plain].map((all) => all.subarray(row * M, (row + 1) * M)) as [Float64Array, Float64Array];
    if (row === infinite || row === nan) expect(is.some(Number.isFinite)).toBe(false);
    else if (row !== large) expect(is).toEqual(was);
    else for (const [m, value] of is.entries()) expectWithin(value, odd.subarray(row * K), weight.subarray(m * K));
  }
});

/** Expects a result to be the sum of K products of these numbers, up to an error of `BOUND` times Σ |x·w|. */
function expectWithin(value: number, xs: Float64Array, weights: Float64Array): void {
  const terms = Array.from({ length: K }, (_, k) => xs[k]! * weights[k]!);
  const [sum, size] = [terms.reduce((a, b) => a + b), terms.reduce((a, b) => a + Math.abs(b), 0)];
  expect(Math.abs(value - sum)).toBeLessThan(BOUND * size);
}
