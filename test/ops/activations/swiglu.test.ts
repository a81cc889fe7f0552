import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, transient } from '../../../src/graph/value';
import { swiglu } from '../../../src/ops/activations/swiglu';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 3, F: 5 },
])('swiglu N=$N F=$F: central differences', ({ N, F }) => {
  const memory: Memory = new Map();
  const gate = input(memory, 'gate', [N, F], randomArray(N * F, 1, 3));
  const up = input(memory, 'up', [N, F], randomArray(N * F, 2));
  expectGradient((g) => swiglu(g, gate, up), memory, [gate, up]);
});

test('swiglu: a frozen input gets no gradient', () => {
  const gate = pinned('gate', [2, 3]);
  const up = pinned('up', [2, 3]);
  const g = new Graph();
  g.train(up);
  const y = swiglu(g, gate, up);
  const gradients = g.grad(y, transient('dy', [2, 3]), new Map());
  expect(gradients.has(up)).toBe(true);
  expect(gradients.has(gate)).toBe(false);
});

test('swiglu refuses two shapes', () => {
  expect(() => swiglu(new Graph(), pinned('gate', [2, 3]), pinned('up', [2, 4]))).toThrow(
    'swiglu up: expected (2, 3), got (2, 4)',
  );
});
