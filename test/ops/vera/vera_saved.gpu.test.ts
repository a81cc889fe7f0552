import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { veraDown, veraLinears } from '../../../src/ops/vera/vera';
import { expectGpuEqualsReference, input, OF_SHARED_TILES, TILES, withVariants } from '../../helpers/gpu/on_gpu';
import type { LowRankSizes } from '../../helpers/gpu/product_sizes';
import { type Fill, integerArray, randomArray } from '../../helpers/maths/random';
import { coveringOfRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

/**
 * Builds the forward and backward pass of a layer that stores its low-rank part. The gradients of x, u and the trained vectors are
 * added to earlier ones.
 */
function step({ N, K, M, R }: LowRankSizes, fill: Fill, withResidual: boolean) {
  const memory: Memory = new Map();
  const offsetB = 4;
  const offsetD = 8 + Math.ceil(M / 4) * 4;
  const pool = offsetD + Math.ceil(R / 4) * 4 + 4;
  const x = input(memory, 'x', [N, K], fill(N * K, 1));
  const weight = input(memory, 'weight', [M, K], fill(M * K, 2));
  const A = input(memory, 'A', [R, K + 4], fill(R * (K + 4), 4));
  const B = input(memory, 'B', [M + 1, R], fill((M + 1) * R, 5));
  const lambda = input(memory, 'lambda', [pool], fill(pool, 6));
  const dy = input(memory, 'dy', [N, M], fill(N * M, 7));
  const grads = input(memory, 'grads', [pool], fill(pool, 8));
  const residual = withResidual ? input(memory, 'residual', [N, M], fill(N * M, 3)) : undefined;
  const g = new Graph();
  for (const value of [lambda, x]) g.train(value);
  const u = veraDown(g, x, A);
  const low = { u, B, lambda, offsetB, offsetD };
  const [y] = veraLinears(g, x, [{ weight, residual, low, saved: true }]) as [Value];
  const earlier: [Value, Value][] = [
    [lambda, grads],
    [x, input(memory, 'earlier dx', [N, K], fill(N * K, 9))],
  ];
  if (withResidual) earlier.push([u, input(memory, 'earlier du', [N, R], fill(N * R, 10))]);
  const gradients = g.grad(y, dy, new Map(earlier));
  const wanted = [y, grads, gradients.get(u)!, gradients.get(x)!];
  return { g, memory, wanted };
}

const small: Fill = (length, seed) => integerArray(length, seed, 1);

// All tiles share the code for memory layouts, so two shapes are enough for each: odd sizes, and multiples of 4.
const TWO: readonly LowRankSizes[] = [
  { N: 130, K: 12, M: 68, R: 12 },
  { N: 66, K: 8, M: 63, R: 4 },
];
const MORE: readonly LowRankSizes[] = [
  { N: 1, K: 1, M: 1, R: 1 },
  { N: 5, K: 4, M: 7, R: 6 },
  { N: 65, K: 12, M: 68, R: 66 },
  { N: 130, K: 6, M: 8, R: 12 },
];
const all = [...withVariants(TILES, TWO), ...withVariants(['register'], MORE)];
// Each tile and each shape occurs in some case. Only the tests of `linear` run every tile with every way to read rows (`Lines`).
const cases = coveringOfRing(all, ({ variant, N, K, M, R }) => [variant, `${N}×${K}→${M}, r ${R}`], OF_SHARED_TILES);

// With small whole numbers, every partial sum stays below 2²⁴, so f32 is exact in any order.
test.each(cases)('vera_saved, $variant, $N×$K→$M, r $R: equal for whole numbers', async ({ variant, ...sizes }) => {
  for (const withResidual of [false, true]) {
    const { g, memory, wanted } = step(sizes, small, withResidual);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  }
});

test('64×96→192, r 256: random numbers', async () => {
  const { g, memory, wanted } = step({ N: 64, K: 96, M: 192, R: 256 }, randomArray, true);
  // Sums of up to 256 products of sums of 96 products have relative errors of about √256 · 2⁻²⁴; the largest of many
  // errors is 8 times that.
  await expectGpuEqualsReference(g, memory, wanted, 1e-5);
});
