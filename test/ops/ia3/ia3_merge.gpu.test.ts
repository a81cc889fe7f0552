import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { ia3Merge } from '../../../src/ops/ia3/ia3_merge';
import { input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { integerArray, randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const cases = (['rows', 'columns'] as const).flatMap((by) =>
  [
    { M: 1, K: 1 },
    { M: 67, K: 123 },
    { M: 192, K: 576 },
  ].map((sizes) => ({ by, ...sizes })),
);

test.each(cases)('ia3_merge by $by M=$M K=$K: each number is one product, rounded once', async ({ by, M, K }) => {
  const memory: Memory = new Map();
  const weight = input(memory, 'weight', [M, K], Float64Array.from(randomArray(M * K, 1), Math.fround));
  const pool = input(memory, 'pool', [1024], Float64Array.from(randomArray(1024, 2), Math.fround));
  const into = input(memory, 'into', [M, K], randomArray(M * K, 3));
  const g = new Graph();
  ia3Merge(g, weight, { pool, offset: 4 }, by, into);
  const l = memory.get(pool)!.subarray(4);
  const expected = memory.get(weight)!.map((w, at) => Math.fround(w * l[by === 'rows' ? Math.floor(at / K) : at % K]!));
  expect((await runOnGpu(g.steps, memory, [into])).get(into)).toEqual(expected);
});

test.each(['f16', 'bf16'] as const)('a weight in %s is scaled in f32', async (dtype) => {
  const memory: Memory = new Map();
  const weight = input(memory, 'weight', [3, 8], integerArray(24, 1, 8), dtype);
  const pool = input(memory, 'pool', [8], integerArray(8, 2, 1000));
  const into = input(memory, 'into', [3, 8], new Float64Array(24));
  const g = new Graph();
  ia3Merge(g, weight, { pool, offset: 0 }, 'columns', into);
  const expected = memory.get(weight)!.map((w, at) => w * memory.get(pool)![at % 8]!);
  expect((await runOnGpu(g.steps, memory, [into])).get(into)).toEqual(expected);
});
