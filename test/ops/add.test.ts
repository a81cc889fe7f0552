import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned, transient } from '../../src/graph/value';
import { add } from '../../src/ops/add';
import { input } from '../helpers/gpu/on_gpu';
import { expectGradient } from '../helpers/maths/gradient';
import { randomArray } from '../helpers/maths/random';
import type { Memory } from '../reference/runner';

test('add: central differences', () => {
  const memory: Memory = new Map();
  const a = input(memory, 'a', [3, 5], randomArray(15, 1));
  const b = input(memory, 'b', [3, 5], randomArray(15, 2));
  expectGradient((g) => add(g, a, b), memory, [a, b]);
});

test('add: a residual around a residual sums both ways', () => {
  const memory: Memory = new Map();
  const a = input(memory, 'a', [2, 3], randomArray(6, 1));
  const b = input(memory, 'b', [2, 3], randomArray(6, 2));
  expectGradient((g) => add(g, add(g, a, b), a), memory, [a, b]);
});

test('add: the only gradient is passed on without a dispatch', () => {
  const a = pinned('a', [2, 3]);
  const b = pinned('b', [2, 3]);
  const g = new Graph();
  g.train(a);
  const y = add(g, a, b);
  const dy = transient('dy', [2, 3]);
  const gradients = g.grad(y, dy, new Map());
  expect(gradients.get(a)).toBe(dy);
  expect(gradients.has(b)).toBe(false);
  expect(g.steps).toHaveLength(1);
});

test('add refuses two shapes', () => {
  expect(() => add(new Graph(), pinned('a', [2, 3]), pinned('b', [6]))).toThrow('add b: expected (2, 3), got (6)');
});
