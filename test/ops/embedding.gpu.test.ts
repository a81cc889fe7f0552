import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { embedding } from '../../src/ops/embedding';
import { expectGpuEqualsReference, input } from '../helpers/on_gpu';
import { integerArray, random } from '../helpers/random';
import type { Memory } from '../reference/runner';

test.each([
  { N: 1, V: 1, C: 1 },
  { N: 5, V: 7, C: 123 },
  { N: 70, V: 1000, C: 576 },
])('embedding N=$N V=$V C=$C copies rows of f32 and f16 weights', async ({ N, V, C }) => {
  for (const dtype of ['f32', 'f16'] as const) {
    const memory: Memory = new Map();
    const next = random(1);
    const ids = Float64Array.from({ length: N }, () => Math.floor(next() * V));
    ids[N - 1] = V - 1;
    const g = new Graph();
    const weight = input(memory, 'weight', [V, C], integerArray(V * C, 2, 1000), dtype);
    const y = embedding(g, input(memory, 'ids', [N], ids, 'u32'), weight);
    await expectGpuEqualsReference(g, memory, [y], 0);
  }
});

test('embedding refuses a weight that is no matrix', () => {
  expect(() => embedding(new Graph(), pinned('ids', [2], 'u32'), pinned('weight', [6]))).toThrow(
    'embedding weight: expected (V, C), got (6)',
  );
});
