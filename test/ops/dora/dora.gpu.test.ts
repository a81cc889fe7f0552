import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { type Value, viewOf } from '../../../src/graph/value';
import { doraMerge } from '../../../src/ops/dora/dora_merge';
import { doraNorm, doraNorms } from '../../../src/ops/dora/dora_norm';
import { doraScale } from '../../../src/ops/dora/dora_scale';
import { veraFactor } from '../../../src/ops/vera/vera_factor';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { inputInShards } from '../../helpers/gpu/shards';
import { integerArray, randomArray, storableArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const variants = ['default', 'serial'];
const shapes = [
  { N: 1, C: 1 },
  { N: 5, C: 123 },
  { N: 67, C: 768 },
];

/** Returns numbers like the norms of a weight's rows. They are well above zero, because they are divisors. */
const lengths = (size: number, seed: number): Float64Array =>
  randomArray(size, seed).map((v) => Math.fround(0.5 + Math.abs(v)));

test.each(variants.flatMap((variant) => shapes.map((shape) => ({ variant, ...shape }))))(
  'dora_scale $variant N=$N C=$C',
  async ({ variant, N, C }) => {
    const memory: Memory = new Map();
    const size = 4 + Math.ceil(C / 4) * 4;
    const given = (name: string, seed: number): Value => input(memory, name, [N, C], randomArray(N * C, seed));
    const [x, dy, residual, earlier] = [given('x', 1), given('dy', 2), given('residual', 3), given('earlier', 4)];
    const pool = input(memory, 'pool', [size], randomArray(size, 5));
    const grads = input(memory, 'grads', [size], randomArray(size, 6));
    // The norms of another weight come first in the buffer.
    const norm = input(memory, 'norm', [8 + C], lengths(8 + C, 7));
    const bias = input(memory, 'bias', [C], randomArray(C, 8));
    memory.get(pool)![4] = 0;
    for (const less of [0, 1]) {
      const g = new Graph();
      for (const value of [x, pool]) g.train(value);
      const y = doraScale(g, x, { magnitude: { pool, offset: 4 }, norm, norm_at: 8, bias, residual, less });
      const into = new Map([
        [x, earlier],
        [pool, grads],
      ]);
      const dx = g.grad(y, dy, into).get(x) as Value;
      // A quotient, two products and a sum of N terms in f32 have errors of a few ULP.
      await expectGpuEqualsReference(g, memory, [y, dx, grads], 4e-6, { variant });
    }
  },
);

const norms = [
  { M: 1, K: 1, R: 1 },
  { M: 67, K: 123, R: 5 },
  { M: 192, K: 576, R: 8 },
];

test.each(variants.flatMap((variant) => norms.map((sizes) => ({ variant, ...sizes }))))(
  'dora_norm $variant M=$M K=$K R=$R',
  async ({ variant, M, K, R }) => {
    const memory: Memory = new Map();
    const weight = input(memory, 'weight', [M, K], randomArray(M * K, 1));
    const A = input(memory, 'A', [R, K], randomArray(R * K, 2));
    const B = input(memory, 'B', [M, R], randomArray(M * R, 3));
    const g = new Graph();
    const [plain, changed] = [doraNorm(g, weight), doraNorm(g, weight, { A, B, scale: -0.75 })];
    // These are sums of up to 576 squares in f32; the serial variant adds them one after the other.
    await expectGpuEqualsReference(g, memory, [plain, changed], 2e-5, { variant });
  },
);

test.each(['f16', 'bf16', 'q8', 'q4'] as const)('dora_norm of a weight in %s', async (dtype) => {
  const memory: Memory = new Map();
  const [M, K] = [5, 64];
  const weight = input(memory, 'weight', [M, K], storableArray(M * K, 1, dtype), dtype);
  const g = new Graph();
  await expectGpuEqualsReference(g, memory, [doraNorm(g, weight)], 2e-6);
});

test.each(variants)('dora_norm of a weight in shards, %s', async (variant) => {
  const memory: Memory = new Map();
  const [M, K, R] = [150, 8, 3];
  const weight = inputInShards(memory, 'weight', [M, K], randomArray(M * K, 1));
  const A = input(memory, 'A', [R, K], randomArray(R * K, 2));
  const B = input(memory, 'B', [M, R], randomArray(M * R, 3));
  expect(weight.shards!.length).toBeGreaterThan(1);
  const g = new Graph();
  await expectGpuEqualsReference(g, memory, [doraNorm(g, weight, { A, B, scale: 2 })], 2e-6, { variant });
});

test.each(variants)(
  'dora_norm of several weights, in one dispatch where they are side by side: %s',
  async (variant) => {
    const memory: Memory = new Map();
    const whole = input(memory, 'weights', [1024], randomArray(1024, 1));
    const norm = input(memory, 'norm', [40], randomArray(40, 2));
    const weight = (M: number, K: number, offset: number): Value => viewOf(whole, `at ${offset}`, [M, K], offset);
    const g = new Graph();
    doraNorms(g, [
      { weight: weight(8, 16, 0), norm, norm_at: 0 },
      { weight: weight(2, 64, 256), norm, norm_at: 16 },
      { weight: weight(4, 16, 128), norm, norm_at: 8 },
      // This weight has the same K as the weight of 2 rows, and its norms follow that weight's norms, but the two weights
      // aren't adjacent in memory.
      { weight: weight(1, 64, 512), norm, norm_at: 18 },
      // This weight is adjacent to the one at 128 in memory, but their norms aren't adjacent.
      { weight: weight(4, 16, 192), norm, norm_at: 20 },
    ]);
    expect(g.steps.map(({ params }) => [params.M, params.K, params.first])).toEqual([
      [12, 16, 0],
      [2, 64, 16],
      [1, 64, 18],
      [4, 16, 20],
    ]);
    await expectGpuEqualsReference(g, memory, [norm], 2e-6, { variant });
  },
);

test.each(variants)(
  'the lengths of rows with VeRA’s change, whose A and B are larger than the layer: %s',
  async (variant) => {
    const memory: Memory = new Map();
    const [M, K, R] = [37, 20, 6];
    const weight = input(memory, 'weight', [M, K], randomArray(M * K, 1));
    const A = input(memory, 'A', [R, K + 3], randomArray(R * (K + 3), 2));
    const B = input(memory, 'B', [M + 5, R], randomArray((M + 5) * R, 3));
    const lambda = input(memory, 'lambda', [4 + 40 + 8], randomArray(52, 4));
    const g = new Graph();
    const factor = veraFactor(g, { B, lambda, offsetB: 4, offsetD: 44 }, M);
    const norm = doraNorm(g, weight, { A, B: factor, scale: 1 });
    await expectGpuEqualsReference(g, memory, [factor, norm], 2e-6, { variant });
    expect(() => veraFactor(g, { B, lambda, offsetB: 4, offsetD: 48 }, M)).toThrow(/vera_factor: expected a pool/);
  },
);

test('dora_merge scales each row of a weight', async () => {
  const memory: Memory = new Map();
  const [M, K] = [67, 123];
  const pool = input(memory, 'pool', [4 + 68], integerArray(72, 1, 64));
  const norm = input(memory, 'norm', [M], new Float64Array(M).fill(4));
  const into = input(memory, 'into', [M, K], integerArray(M * K, 2, 64));
  const expected = memory.get(into)!.map((value, at) => (value * memory.get(pool)![4 + Math.floor(at / K)]!) / 4);
  const g = new Graph();
  doraMerge(g, { magnitude: { pool, offset: 4 }, norm }, into);
  expect((await runOnGpu(g.steps, memory, [into])).get(into)).toEqual(expected);
});
