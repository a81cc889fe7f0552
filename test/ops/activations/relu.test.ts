import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { relu } from '../../../src/ops/activations/relu';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 3, F: 5 },
])('relu N=$N F=$F: central differences', ({ N, F }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, F], randomArray(N * F, 1));
  expectGradient((g) => relu(g, x), memory, [x]);
});

test('relu: the gradient at 0 is 0', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [4], Float64Array.of(-2, 0, -0, 2));
  const dy = input(memory, 'dy', [4], Float64Array.of(5, 6, 7, 8));
  const g = new Graph();
  g.train(x);
  const y = relu(g, x);
  const dx = g.grad(y, dy, new Map()).get(x);
  runReference(g.steps, memory);
  expect(dx && [...(memory.get(dx) ?? [])]).toEqual([0, 0, 0, 8]);
});
