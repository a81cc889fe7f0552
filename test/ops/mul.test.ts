import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned, transient } from '../../src/graph/value';
import { mul } from '../../src/ops/mul';
import { input } from '../helpers/gpu/on_gpu';
import { expectGradient } from '../helpers/maths/gradient';
import { randomArray } from '../helpers/maths/random';
import type { Memory } from '../reference/runner';

test('mul: central differences', () => {
  const memory: Memory = new Map();
  const a = input(memory, 'a', [3, 5], randomArray(15, 1));
  const b = input(memory, 'b', [3, 5], randomArray(15, 2));
  expectGradient((g) => mul(g, a, b), memory, [a, b]);
});

test('mul: no gradient is computed for an input that does not train', () => {
  const a = pinned('a', [2, 3]);
  const b = pinned('b', [2, 3]);
  const g = new Graph();
  g.train(b);
  const y = mul(g, a, b);
  const gradients = g.grad(y, transient('dy', [2, 3]), new Map());
  expect([gradients.has(a), gradients.has(b)]).toEqual([false, true]);
  expect(g.steps).toHaveLength(2);
});

test('mul refuses two shapes', () => {
  expect(() => mul(new Graph(), pinned('a', [2, 3]), pinned('b', [6]))).toThrow('mul b: expected (2, 3), got (6)');
});
