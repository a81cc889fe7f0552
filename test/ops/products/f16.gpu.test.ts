import { expect, test, vi } from 'vitest';
import { allTunableKernels } from '../../../src/adapters/adapter_kinds';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { linear } from '../../../src/ops/products/linear';
import { veraAdd, veraLinears } from '../../../src/ops/vera/vera';
import { input, runOnGpu, TILES_IN_F16 } from '../../helpers/gpu/on_gpu';
import type { LowRankSizes } from '../../helpers/gpu/product_sizes';
import { type Fill, integerArray, randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

// llvmpipe compiles a tile for seconds when it isn't in Mesa's cache.
vi.setConfig({ testTimeout: 240_000 });

interface Products {
  readonly g: Graph;
  readonly memory: Memory;
  readonly wanted: readonly Value[];
}

/** All products that may be made in f16, each of the inputs alone: no result is another's operand. */
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
  const end = pinned('end', [1]);
  const dys = ys.map((y, i) => input(memory, `d${y.name} ${i}`, [N, M], fill(N * M, 10 + i)));
  g.differentiateAll([end], ys, (_, sums) => {
    for (const [i, y] of ys.entries()) sums.put(y, dys[i]);
  });
  const gradients = g.grad(end, end, new Map());
  return { g, memory, wanted: [...ys, gradients.get(x)!, gradients.get(u)!] };
}

const absolute = (memory: Memory): Memory =>
  new Map([...memory].map(([value, numbers]) => [value, numbers.map(Math.abs)]));
const copied = (memory: Memory): Memory => new Map([...memory].map(([value, numbers]) => [value, numbers.slice()]));

/** For each result, the largest |GPU − float64| as a share of Σ |a·b|, which is what the same products make of absolute values. */
async function errors({ g, memory, wanted }: Products, variant: string): Promise<number[]> {
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
 * As tile_stage_f16.wgsl derives it, with rounding to nearest: once for each operand, and eight times in a run's sum. Sums of
 * runs in f32 add some 2⁻²⁰.
 */
const BOUND = (2 + 8) * 2 ** -11;

test('products of activations and their gradients may be in f16, those for gradients of weights and vectors not', () => {
  const names = allTunableKernels().flatMap(({ name, variants }) =>
    variants.some((v) => v.name === 'f16') ? [name] : [],
  );
  expect([...new Set(names)].toSorted()).toEqual([
    'linear',
    'linear_backward',
    'linear_shard',
    'linear_shard_backward',
    'vera_add',
    'vera_linear',
    'vera_saved',
    'vera_saved_backward',
    'vera_up_backward',
  ]);
});

test('small whole numbers: exact', async () => {
  const made = products({ N: 65, K: 36, M: 68, R: 12 }, (length, seed) => integerArray(length, seed, 2));
  expect(await errors(made, 'f16_small')).toEqual(made.wanted.map(() => 0));
});

test('random numbers: within the bound', async () => {
  const made = products({ N: 65, K: 132, M: 68, R: 100 }, randomArray);
  const found = await errors(made, 'f16_small');
  expect(Math.max(...found)).toBeLessThan(BOUND);
  // In f32 they would be a thousandth of it.
  expect(Math.min(...found)).toBeGreaterThan(BOUND / 100);
});

test.each(TILES_IN_F16)('%s: a low-rank range before the other', async (variant) => {
  const { g, memory, wanted } = products({ N: 65, K: 132, M: 68, R: 100 }, randomArray);
  const [first] = g.steps;
  expect(first?.kernel.name).toBe('vera_linear');
  const [error = 1] = await errors(
    { g: { ...g, steps: [first!] } as Graph, memory, wanted: wanted.slice(0, 1) },
    variant,
  );
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(BOUND);
});

const [N, K, M] = [37, 68, 36] as const;

/** x·weightᵀ in f16. */
async function product(xs: Float64Array, weights: Float64Array): Promise<Float64Array> {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], xs);
  const weight = input(memory, 'weight', [M, K], weights);
  const g = new Graph();
  const y = linear(g, x, weight);
  return (await runOnGpu(g.steps, memory, [y], { variant: 'f16_small' })).get(y)!;
}

test('rows from 1e-21 to 1e21, side by side: the same digits as of rows around 1', async () => {
  const [x, weight] = [randomArray(N * K, 1), randomArray(M * K, 2)];
  // Powers of two, so that digits stay.
  const power = (row: number): number => 2 ** (((row * 41) % 141) - 70);
  const plain = await product(x, weight);
  const scaled = await product(
    x.map((v, at) => v * power(Math.floor(at / K))),
    weight.map((v) => v * 2 ** 20),
  );
  expect(scaled).toEqual(plain.map((v, at) => v * power(Math.floor(at / M)) * 2 ** 20));
});

test('what is beyond f16 or not finite stays so, and in its own row', async () => {
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

/** That a result is the sum of K products of these, within the bound. */
function expectWithin(value: number, xs: Float64Array, weights: Float64Array): void {
  const terms = Array.from({ length: K }, (_, k) => xs[k]! * weights[k]!);
  const [sum, size] = [terms.reduce((a, b) => a + b), terms.reduce((a, b) => a + Math.abs(b), 0)];
  expect(Math.abs(value - sum)).toBeLessThan(BOUND * size);
}
