import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { emitColumnSum } from '../../../src/ops/rows/column_sum';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { integerArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const shapes = [
  { N: 1, C: 1 },
  { N: 5, C: 123 },
  { N: 123, C: 5 },
  { N: 67, C: 768 },
];
const cases = ['default', 'serial'].flatMap((variant) => shapes.map((shape) => ({ variant, ...shape })));

test.each(cases)('column_sum $variant N=$N C=$C', async ({ variant, N, C }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], integerArray(N * C, 1));
  const sums = input(memory, 'sums', [C], integerArray(C, 2));
  const g = new Graph();
  emitColumnSum(g, x, sums);
  await expectGpuEqualsReference(g, memory, [sums], 0, { variant });
});
