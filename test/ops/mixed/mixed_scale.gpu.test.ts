import { expect, test } from 'vitest';
import { numel } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { add } from '../../../src/ops/add';
import { mixedLossSum } from '../../../src/ops/mixed/mixed_loss_sum';
import { mixedScales } from '../../../src/ops/mixed/mixed_scales';
import {
  expectGpuEqualsReference,
  input,
  isTypicalTile,
  runOnGpu,
  TILES,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import { covering } from '../../helpers/maths/covering';
import { type Fill, integerArray, randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';
import { type MixedSizes, mixedInputs, withGradient } from './mixed_inputs';

const small: Fill = (length, seed) => integerArray(length, seed, 2);

function backward(sizes: MixedSizes, fill: Fill, isJoined = false) {
  const inputs = mixedInputs(sizes, fill);
  const { memory, build, buildUp } = inputs;
  const g = new Graph();
  const made = withGradient(g, memory, isJoined ? buildUp : build, inputs);
  memory.set(made.dy, fill(numel(made.dy.shape), 7));
  return { g, memory, ...made };
}

// With small whole numbers, every sum stays below 2²⁴, so f32 is exact in any order.
test.each<MixedSizes>([
  { C: 1, R: 1, T: 1, which: [0] },
  { C: 7, R: 6, T: 3, which: [1, 2, 0, 1] },
  { C: 68, R: 4, T: 65, which: [2, 2, 0] },
  { C: 300, R: 8, T: 128, which: [0, 1] },
])('mixed_scale and its gradients, C=$C R=$R T=$T: equal for whole numbers', async (sizes) => {
  const { g, memory, y, dx, grads } = backward(sizes, small);
  await expectGpuEqualsReference(g, memory, [y, dx, grads], 0);
});

test('mixed_scale and its gradients, 576 columns, r 16, 8×64 rows: random numbers', async () => {
  const { g, memory, y, dx, grads } = backward({ C: 576, R: 16, T: 64, which: [0, 1, 2, 1, 0, 2, 2, 1] }, randomArray);
  // A sum of 576 products has a relative error of about √576 · 2⁻²⁴; the largest of many errors is 4 times that.
  await expectGpuEqualsReference(g, memory, [y, dx, grads], 6e-6);
});

const tiles = withVariants<MixedSizes>(TILES.filter(isTypicalTile), [
  { C: 5, R: 6, T: 3, which: [0, 1, 2] },
  { C: 63, R: 65, T: 1, which: Array.from({ length: 67 }, (_, n) => n % 3) },
  { C: 132, R: 60, T: 5, which: [2, 2, 0, 1, 0, 1, 1, 0, 2, 0, 1, 2, 0] },
]);
// Each variant and each shape occurs in some case. Only the tests of `linear` run every variant with every way to read rows (`Lines`).
const cases = [...covering(tiles, ({ variant, C, T }) => [variant, `${C} columns, ${T} tokens`])];

test.each(cases)('mixed_up, $variant, C=$C R=$R T=$T: equal for whole numbers', async ({ variant, ...sizes }) => {
  const { g, memory, y, dx, grads } = backward(sizes, small, true);
  await expectGpuEqualsReference(g, memory, [y, dx, grads], 0, { variant });
});

test('mixed_up, 576 columns, r 16, 8×64 rows: random numbers', async () => {
  const sizes = { C: 576, R: 16, T: 64, which: [0, 1, 2, 1, 0, 2, 2, 1] };
  const { g, memory, y, dx, grads } = backward(sizes, randomArray, true);
  // The tolerance is the same as for mixed_scale.
  await expectGpuEqualsReference(g, memory, [y, dx, grads], 6e-6);
});

test.each([
  { C: 7, T: 3, count: 2 },
  { C: 8, T: 65, count: 3 },
  { C: 68, T: 32, count: 2 },
  { C: 300, T: 128, count: 3 },
])('mixed_scales and their gradients, C=$C T=$T, $count vectors: equal for whole numbers', async ({ C, T, count }) => {
  const line = 4 * Math.ceil(C / 4);
  const { memory, x, table, pools } = mixedInputs({ C: 2 * line, R: C, T, which: [1, 2, 1] }, small);
  const grads = input(memory, 'grads', table.shape, new Float64Array(numel(table.shape)));
  const g = new Graph();
  for (const value of [x, table]) g.train(value);
  const ys = mixedScales(g, x, [line, 0, 2 * line].slice(0, count), pools);
  const y = ys.reduce((sum, one) => add(g, sum, one));
  const dy = input(memory, 'dy', y.shape, small(numel(y.shape), 7));
  const dx = g.grad(y, dy, new Map([[table, grads]])).get(x) as Value;
  expect(g.steps.map(({ kernel }) => kernel.name)).toContain('mixed_scales_backward');
  await expectGpuEqualsReference(g, memory, [...ys, dx, grads], 0);
});

test("numbers of one adapter's rows that aren't finite reach its own gradients alone", async () => {
  const { g, memory, grads } = backward({ C: 8, R: 4, T: 2, which: [2, 0, 1] }, randomArray);
  for (const [value, numbers] of memory) if (value.name === 'x') numbers.fill(Number.NaN, 0, 8);
  const found = (await runOnGpu(g.steps, memory, [grads])).get(grads)!;
  const stride = grads.shape[1]!;
  expect(found.subarray(0, 2 * stride).every(Number.isFinite)).toBe(true);
  expect(found.subarray(2 * stride).some(Number.isNaN)).toBe(true);
});

test.each([0, 1])("mixed_loss_sum in micro-step %d adds each adapter's own losses", async (microStep) => {
  const [L, T] = [150, 50];
  const memory: Memory = new Map();
  const g = new Graph();
  const losses = {
    losses: input(memory, 'losses', [L], integerArray(L, 1, 9)),
    rows: input(
      memory,
      'rows',
      [L],
      Float64Array.from({ length: L }, (_, n) => n),
      'u32',
    ),
    which: input(memory, 'which', [3], Float64Array.of(1, 0, 1), 'u32'),
    T,
  };
  const stats = [0, 1].map((index) => {
    const words = new Uint32Array(Float32Array.of(0, 0, 0, 0, 1, 0.25, 0, 0).buffer);
    words.set([3, microStep, 140], 0);
    const own = { block: input(memory, `block ${index}`, [8], Float64Array.from(words), 'u32') };
    const before = new Uint32Array(Float32Array.of(2 + index).buffer);
    const found = input(
      memory,
      `stats ${index}`,
      [12],
      Float64Array.from({ length: 12 }, (_, i) => before[i] ?? 0),
      'u32',
    );
    mixedLossSum(g, losses, { index, ...own, stats: found });
    return found;
  });
  // Whole numbers and quarters are exact, so the bits of the stats are compared.
  await expectGpuEqualsReference(g, memory, stats, 0);
});
