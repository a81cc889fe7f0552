import { expect, test } from 'vitest';
import { storages } from '../../../src/core/numbers/storage';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value, viewOf } from '../../../src/graph/value';
import { ADDENDS } from '../../../src/ops/products/operand_storage';
import { differentiateMerge, veraMerge, veraMerges } from '../../../src/ops/vera/vera_merge';
import {
  expectGpuEqualsReference,
  input,
  OF_SHARED_TILES,
  runOnGpu,
  TILES,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import { type Fill, integerArray, randomArray, storableArray } from '../../helpers/maths/random';
import { coveringOfRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly M: number;
  readonly K: number;
  readonly R: number;
  /** The number of unused columns of A. */
  readonly more: number;
}
/** The storage formats that a merge first converts to a wider format. */
const WIDENED = Object.values(storages).filter(({ name }) => ADDENDS[name] === undefined);

/**
 * Builds merges into weights of every storage format that supports rows of K elements, and a merge without a weight, which
 * computes only ΔW. Each overwrites its result `into`, which contains NaN before.
 */
function merges({ M, K, R, more }: Case, fill: Fill, halves: Fill) {
  const memory: Memory = new Map();
  const offsetB = 4;
  const offsetD = 8 + Math.ceil(M / 4) * 4;
  const pool = offsetD + R;
  const A = input(memory, 'A', [R, K + more], fill(R * (K + more), 1));
  const B = input(memory, 'B', [M + 1, R], fill((M + 1) * R, 2));
  const lambda = input(memory, 'lambda', [pool], fill(pool, 3));
  const full = input(memory, 'full', [M, K], fill(M * K, 4));
  const half = input(memory, 'half', [M, K], halves(M * K, 5), 'f16');
  const widened = K % 32 === 0 ? WIDENED : [];
  const others = widened.map(({ name: dtype }) => input(memory, dtype, [M, K], storableArray(M * K, 5, dtype), dtype));
  const g = new Graph();
  const wanted = [full, half, ...others, undefined].map((weight) => {
    const into = input(memory, `${weight?.name ?? 'no'} weight`, [M, K], new Float64Array(M * K).fill(Number.NaN));
    veraMerge(g, { weight, A, B, lambda, offsetB, offsetD, K }, into);
    return into;
  });
  return { g, memory, wanted };
}

/** Builds the gradients of the trained vectors from the gradient of a merged weight, and adds them to earlier gradients. */
function gradients({ M, K, R, more }: Case, fill: Fill) {
  const memory: Memory = new Map();
  const offsetB = 4;
  const offsetD = 8 + Math.ceil(M / 4) * 4;
  const pool = offsetD + Math.ceil(R / 4) * 4;
  const A = input(memory, 'A', [R, K + more], fill(R * (K + more), 1));
  const B = input(memory, 'B', [M + 1, R], fill((M + 1) * R, 2));
  const lambda = input(memory, 'lambda', [pool], fill(pool, 3));
  const into = pinned('into', [M, K]);
  const dw = input(memory, 'dw', [M, K], fill(M * K, 4));
  const grads = input(memory, 'grads', [pool], fill(pool, 5));
  const g = new Graph();
  g.train(lambda);
  differentiateMerge(g, { A, B, lambda, offsetB, offsetD, K }, into);
  g.grad(into, dw, new Map<Value, Value>([[lambda, grads]]));
  return { g, memory, wanted: [grads] };
}

const small: Fill = (length, seed) => integerArray(length, seed, 2);

// All tiles share the code for storage formats and memory layouts, so two shapes are enough for each: odd sizes, and multiples of 4.
const TWO: readonly Case[] = [
  { M: 130, K: 132, R: 60, more: 8 },
  { M: 65, K: 63, R: 8, more: 1 },
];
const MORE: readonly Case[] = [
  { M: 1, K: 1, R: 1, more: 0 },
  { M: 5, K: 7, R: 6, more: 1 },
  { M: 5, K: 7, R: 4, more: 0 },
  { M: 66, K: 64, R: 3, more: 0 },
  { M: 123, K: 68, R: 5, more: 4 },
  { M: 64, K: 66, R: 264, more: 1 },
];
const all = [...withVariants(TILES, TWO), ...withVariants(['register'], MORE)];
// Each tile and each shape occurs in some case. Only the tests of `linear` run every tile with every way to read rows (`Lines`).
const cases = coveringOfRing(all, ({ variant, M, K, R }) => [variant, `${M}×${K}, r ${R}`], OF_SHARED_TILES);

// With small whole numbers, every partial sum stays below 2²⁴, so f32 is exact in any order.
test.each(cases)(
  'vera_merge, $variant, $M×$K, r $R, $more columns too many: equal for whole numbers',
  async ({ variant, ...sizes }) => {
    const { g, memory, wanted } = merges(sizes, small, small);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
    const backward = gradients(sizes, (length, seed) => integerArray(length, seed, 1));
    await expectGpuEqualsReference(backward.g, backward.memory, backward.wanted, 0, { variant });
  },
);

test.each(withVariants(['register', 'subgroup'], [{ K: 68, heights: [65, 4, 130, 8, 12] }]))(
  '$variant, weights of $heights × $K in one value: equal for whole numbers, in two dispatches',
  async (sizes) => {
    const { K, heights, variant } = sizes;
    const [R, room] = [12, 256];
    const memory: Memory = new Map();
    const A = input(memory, 'A', [R, K], small(R * K, 1));
    const B = input(memory, 'B', [130, R], small(130 * R, 2));
    const lambda = input(memory, 'lambda', [room * heights.length], small(room * heights.length, 3));
    const whole = input(memory, 'whole', [heights.length * 9024], new Float64Array(heights.length * 9024).fill(7));
    const g = new Graph();
    veraMerges(
      g,
      heights.map((M, i) => ({
        ...{ A, B, lambda, offsetB: room * i, offsetD: room * i + 136, K },
        weight: input(memory, `weight ${i}`, [M, K], small(M * K, 4 + i), 'f16'),
        into: viewOf(whole, `merged ${i}`, [M, K], i * 9024),
      })),
    );
    expect(g.steps).toHaveLength(2);
    // The comparison includes the values between the weights, which must not change.
    await expectGpuEqualsReference(g, memory, [whole], 0, { variant });
  },
);

test('192 of 576 → 576, r 256: random numbers', async () => {
  const { g, memory, wanted } = merges({ M: 576, K: 192, R: 256, more: 384 }, randomArray, small);
  // A sum of 256 products has a relative error of about √256 · 2⁻²⁴; the largest of many errors is 4 times that.
  await expectGpuEqualsReference(g, memory, wanted, 4e-6);
  // These are sums of 192 products, and then sums of 256 or 576 products of those sums.
  const backward = gradients({ M: 576, K: 192, R: 256, more: 384 }, randomArray);
  await expectGpuEqualsReference(backward.g, backward.memory, backward.wanted, 1e-5);
});

test('λ_b = 0 gives the weight bit for bit', async () => {
  const [M, K, R] = [33, 35, 20];
  const memory: Memory = new Map();
  const weight = input(memory, 'weight', [M, K], randomArray(M * K, 1));
  const A = input(memory, 'A', [R, K], randomArray(R * K, 2));
  const B = input(memory, 'B', [M, R], randomArray(M * R, 3));
  const lambda = input(memory, 'lambda', [36 + R], randomArray(36 + R, 4).fill(0, 0, 36));
  const into = input(memory, 'into', [M, K], randomArray(M * K, 5));
  const g = new Graph();
  veraMerge(g, { weight, A, B, lambda, offsetB: 0, offsetD: 36, K }, into);
  expect((await runOnGpu(g.steps, memory, [into])).get(into)).toEqual(memory.get(weight));
});
