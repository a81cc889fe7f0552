import { describe, expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { veraAdd, veraDown } from '../../../src/ops/vera/vera';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  input,
  isDefaultVariant,
  OF_SHARED_TILES,
  runOnGpu,
  TILES,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import type { LowRankSizes } from '../../helpers/gpu/product_sizes';
import { type Fill, integerArray, randomArray, weightArray } from '../../helpers/maths/random';
import { veraLinear } from '../../helpers/maths/vera_linear';
import { coveringOfRing, ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case extends LowRankSizes {
  readonly dtype?: StorageName;
}

/** Builds the forward and backward pass of an adapted layer. The gradients of x, u and the trained vectors are added to earlier ones. */
function step({ N, K, M, R, dtype = 'f32' }: Case, fill: Fill) {
  const memory: Memory = new Map();
  const offsetB = 4;
  const offsetD = 8 + Math.ceil(M / 4) * 4;
  const pool = offsetD + Math.ceil(R / 4) * 4 + 4;
  const x = input(memory, 'x', [N, K], fill(N * K, 1));
  const stored = weightArray(M * K, 2, dtype, fill);
  const weight = input(memory, 'weight', [M, K], stored, dtype);
  const bias = input(memory, 'bias', [M], fill(M, 3));
  const A = input(memory, 'A', [R, K + 4], fill(R * (K + 4), 4));
  const B = input(memory, 'B', [M + 1, R], fill((M + 1) * R, 5));
  const lambda = input(memory, 'lambda', [pool], fill(pool, 6));
  const dy = input(memory, 'dy', [N, M], fill(N * M, 7));
  const grads = input(memory, 'grads', [pool], fill(pool, 8));
  const db = input(memory, 'db', [M], fill(M, 11));
  const g = new Graph();
  for (const value of [lambda, x, bias]) g.train(value);
  const u = veraDown(g, x, A);
  const y = veraLinear(g, { x, u, weight, bias, B, lambda, offsetB, offsetD });
  const bare = veraLinear(g, { x, u, weight, B, lambda, offsetB, offsetD });
  const twice = veraAdd(g, bare, { u, B, lambda, offsetB, offsetD });
  const earlier: [Value, Value][] = [
    [lambda, grads],
    [bias, db],
    [x, input(memory, 'earlier dx', [N, K], fill(N * K, 9))],
    [u, input(memory, 'earlier du', [N, R], fill(N * R, 10))],
  ];
  const gradients = g.grad(y, dy, new Map(earlier));
  const wanted = [u, y, bare, twice, grads, db, gradients.get(u), gradients.get(x)].filter(
    (value) => value !== undefined,
  );
  expect(wanted).toHaveLength(8);
  return { g, memory, wanted };
}

const small: Fill = (length, seed) => integerArray(length, seed, 2);

const fewRows = coveringOfRing(
  withVariants<Case>(
    ['register', ...FEW_ROWS],
    [
      { N: 1, K: 1, M: 1, R: 1 },
      { N: 3, K: 5, M: 7, R: 6 },
      { N: 4, K: 8, M: 12, R: 3 },
      { N: 2, K: 6, M: 8, R: 8 },
      { N: 4, K: 300, M: 5, R: 264 },
      { N: 3, K: 64, M: 68, R: 4, dtype: 'f16' },
      { N: 3, K: 64, M: 68, R: 4, dtype: 'q8' },
      { N: 3, K: 64, M: 68, R: 4, dtype: 'q4' },
    ],
  ),
  ({ variant, N, K, dtype = 'f32' }) => [variant, `${N}×${K} of ${dtype}`],
  OF_SHARED_TILES,
);
const tiles = coveringOfRing(
  withVariants<Case>(TILES, [
    { N: 66, K: 68, M: 132, R: 60 },
    { N: 65, K: 64, M: 60, R: 132 },
    { N: 63, K: 65, M: 63, R: 65 },
  ]),
  ({ variant, N, K }) => [variant, `${N}×${K}`],
  OF_SHARED_TILES,
);
// With small whole numbers, every partial sum stays below 2²⁴, so f32 is exact in any order.
test.each([...fewRows, ...tiles])(
  'vera_linear, $variant, $N×$K→$M, r $R, $dtype: equal for whole numbers',
  async ({ variant, ...sizes }) => {
    const { g, memory, wanted } = step(sizes, small);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  },
);

describe.each(ofRing(TILES, { test: isDefaultVariant }))('vera_linear, %s', (variant) => {
  test('64×128→192, r 256: random numbers', async () => {
    const { g, memory, wanted } = step({ N: 64, K: 128, M: 192, R: 256 }, randomArray);
    // Chains of two or three sums of up to 256 products each have relative errors of about √256 · 2⁻²⁴; the largest of
    // many errors is 4 times that.
    await expectGpuEqualsReference(g, memory, wanted, 4e-6, { variant });
  });

  test('the same step gives the same bits', async () => {
    const { g, memory, wanted } = step({ N: 64, K: 64, M: 80, R: 96 }, randomArray);
    const first = await runOnGpu(g.steps, memory, wanted, { variant });
    const second = await runOnGpu(g.steps, memory, wanted, { variant });
    for (const value of wanted) expect(second.get(value)).toEqual(first.get(value));
  });
});

test('λ_b = 0: the base layer alone, and zeros for u and λ_d', async () => {
  const memory: Memory = new Map();
  const [N, K, M, R] = [8, 64, 72, 80] as const;
  const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
  const weight = input(memory, 'weight', [M, K], randomArray(M * K, 2));
  const A = input(memory, 'A', [R, K], randomArray(R * K, 3));
  const B = input(memory, 'B', [M, R], randomArray(M * R, 4));
  const lambda = input(memory, 'lambda', [M + R], randomArray(M + R, 5).fill(0, 0, M));
  const grads = input(memory, 'grads', [M + R], new Float64Array(M + R));
  const dy = input(memory, 'dy', [N, M], randomArray(N * M, 6));
  const g = new Graph();
  g.train(lambda);
  g.train(x);
  const u = veraDown(g, x, A);
  const y = veraLinear(g, { x, u, weight, B, lambda, offsetB: 0, offsetD: M });
  const du = g.grad(y, dy, new Map([[lambda, grads]])).get(u);
  if (du === undefined) throw new Error('u received no gradient');
  const results = await runOnGpu(g.steps, memory, [du, grads]);
  expect(results.get(du)?.every((v) => v === 0)).toBe(true);
  expect(
    results
      .get(grads)
      ?.subarray(M)
      .every((v) => v === 0),
  ).toBe(true);
  expect(
    results
      .get(grads)
      ?.subarray(0, M)
      .every((v) => v !== 0),
  ).toBe(true);
});
