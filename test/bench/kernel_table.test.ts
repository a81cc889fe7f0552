import { expect, test } from 'vitest';
import { sizesOf } from '../../bench/stages/kernel_sizes';
import { kernelTable } from '../../bench/stages/kernel_table';
import type { AnyKernel, ParamTypes } from '../../src/core/kernels/kernel';
import { workKey } from '../../src/graph/work';

function kernel(name: string, params: ParamTypes, flops: AnyKernel['flops'] = () => 0): AnyKernel {
  return { name, bindings: {}, params, splits: false, variants: [], flops };
}

const product = kernel(
  'linear',
  { N: 'size', M: 'size', K: 'size', lambda_b: 'place', has_bias: 'u32' },
  ({ N = 0, M = 0, K = 0 }) => 2 * N * M * K,
);
const timed = (M: number, dispatches: number, seconds: number, variant = 'row') => ({
  kernel: product,
  params: { N: 4, M, K: 8, lambda_b: M, has_bias: 0 },
  variant,
  dispatches,
  seconds,
  bytes: 100 * dispatches,
});

test('dispatches with equal work in different places share a key, others don’t', () => {
  const params = { N: 4, M: 8, K: 8, lambda_b: 0, has_bias: 0 };
  const key = workKey({ kernel: product, params });
  expect(workKey({ kernel: product, params: { ...params, lambda_b: 64 } })).toBe(key);
  expect(workKey({ kernel: product, params: { ...params, has_bias: 1 } })).not.toBe(key);
  expect(workKey({ kernel: product, params: { ...params, M: 9 } })).not.toBe(key);
});

test('sizes of numbered parts add up', () => {
  const parts = kernel('up', { N: 'size', M0: 'size', M1: 'size', M2: 'size', lambda_b0: 'place', has_sum: 'u32' });
  expect(sizesOf({ kernel: parts, params: { N: 64, M0: 8, M1: 4, M2: 0, lambda_b0: 99, has_sum: 1 } })).toEqual([
    64, 12,
  ]);
  expect(sizesOf({ kernel: kernel('flat', { size: 'size', scale: 'f32' }), params: { size: 7, scale: 3 } })).toEqual([
    7,
  ]);
});

test('similar dispatches share a line, and the longest line comes first', () => {
  const lines = kernelTable([timed(4, 3, 0.25), timed(10, 2, 0.5), timed(200, 1, 3), timed(10, 1, 0.125, 'tile')], 8);
  expect(lines).toMatchObject([
    { variant: 'row', sizes: [4, 200, 8], mixed: false, dispatches: 1, seconds: 3, share: 0.375 },
    { variant: 'row', sizes: [4, 10, 8], mixed: true, dispatches: 5, seconds: 1.75, bytes: 500 },
    { variant: 'tile', sizes: [4, 10, 8], mixed: false, dispatches: 1, seconds: 0.125 },
  ]);
  const flops = 2 * 4 * 8 * (3 * 4 + 2 * 10);
  expect(lines[1]).toMatchObject({ flops, flopsPerSecond: flops / 1.75 });
});
