import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { emitLinearBackward, linear } from '../../src/ops/linear';
import { expectGradient } from '../helpers/gradient';
import { input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import type { Memory } from '../reference/runner';

test.each([
  { N: 1, M: 1, K: 1 },
  { N: 3, M: 5, K: 7 },
])('linear N=$N M=$M K=$K: central differences', ({ N, M, K }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
  const weight = input(memory, 'weight', [M, K], randomArray(M * K, 2));
  const bias = input(memory, 'bias', [M], randomArray(M, 3));
  expectGradient((g) => linear(g, x, weight, bias), memory, [x]);
  // Two users of x: the second adds to the first's gradient.
  expectGradient(
    (g) => linear(g, linear(g, x, weight), input(memory, 'second', [2, M], randomArray(2 * M, 4))),
    memory,
    [x],
  );
});

test('linear keeps the leading dimensions of x', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [2, 3, 8], randomArray(48, 1));
  const weight = input(memory, 'weight', [5, 8], randomArray(40, 2));
  const g = new Graph();
  expect(linear(g, x, weight).shape).toEqual([2, 3, 5]);
});

test('linear refuses shapes that do not fit', () => {
  const memory: Memory = new Map();
  const g = new Graph();
  const x = input(memory, 'x', [3, 8], randomArray(24, 1));
  const weight = input(memory, 'weight', [5, 8], randomArray(40, 2));
  const wide = input(memory, 'wide', [5, 12], randomArray(60, 2));
  const odd = input(memory, 'odd', [8, 6], randomArray(48, 2), 'f16');
  const vector = input(memory, 'vector', [8], randomArray(8, 2));
  expect(() => linear(g, x, wide)).toThrow(/expected \(5, 8\), got \(5, 12\)/);
  expect(() => linear(g, x, vector)).toThrow(/expected/);
  expect(() => linear(g, x, weight, vector)).toThrow(/linear bias: expected \(5\), got \(8\)/);
  expect(() => emitLinearBackward(g, x, odd)).toThrow(/multiple of 4, got f16 \(8, 6\)/);
  expect(() => emitLinearBackward(g, x, weight)).toThrow(/expected \(3, 5\), got \(3, 8\)/);
  expect(g.steps).toHaveLength(0);
});
