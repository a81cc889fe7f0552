import { expect, test } from 'vitest';
import { numel } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { prependRows } from '../../../src/ops/rows/prepend_rows';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { B: 1, T: 1, C: 1, shape: [1] },
  { B: 3, T: 2, C: 5, shape: [5] },
  { B: 2, T: 4, C: 4, shape: [1, 1, 4] },
  { B: 2, T: 2, C: 3, shape: [4, 3] },
])('prepend_rows B=$B T=$T C=$C, $shape: central differences', ({ B, T, C, shape }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [B * T, C], randomArray(B * T * C, 1));
  const row = input(memory, 'row', shape, randomArray(numel(shape), 2));
  expectGradient((g) => prependRows(g, x, row, B), memory, [x, row]);
  expectGradient((g) => prependRows(g, x, row, B), memory, [x]);
  expectGradient((g) => prependRows(g, x, row, B), memory, [row]);
});

test('prepend_rows puts the rows before each part', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [4, 2], Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  const row = input(memory, 'row', [1, 2], Float64Array.of(-1, -2));
  const g = new Graph();
  const y = prependRows(g, x, row, 2);
  expect(y.shape).toEqual([6, 2]);
  expect([...runReference(g.steps, memory).get(y)!]).toEqual([-1, -2, 1, 2, 3, 4, -1, -2, 5, 6, 7, 8]);
  const twice = prependRows(g, x, input(memory, 'rows', [2, 2], Float64Array.of(-1, -2, -3, -4)), 2);
  expect([...runReference(g.steps, memory).get(twice)!]).toEqual([
    ...[-1, -2, -3, -4, 1, 2, 3, 4],
    ...[-1, -2, -3, -4, 5, 6, 7, 8],
  ]);
});

function backwardSteps(trained: readonly Value[], x: Value, row: Value, earlier: ReadonlyMap<Value, Value>) {
  const g = new Graph();
  for (const value of trained) g.train(value);
  const y = prependRows(g, x, row, 2);
  const gradients = g.grad(y, pinned('dy', y.shape), new Map([[row, pinned('drow', row.shape)], ...earlier]));
  return { gradients, kernels: g.steps.slice(1).map(({ kernel }) => kernel.name) };
}

test('prepend_rows makes the gradients that are wanted', () => {
  const [x, row] = [pinned('x', [4, 2]), pinned('row', [2])];
  const of = (trained: readonly Value[], earlier = new Map<Value, Value>()): string[] =>
    backwardSteps(trained, x, row, earlier).kernels;
  expect(of([])).toEqual([]);
  expect(of([x])).toEqual(['slice_columns']);
  expect(of([row])).toEqual(['slice_columns', 'column_sum']);
  expect(of([x], new Map([[x, pinned('earlier', [4, 2])]]))).toEqual(['slice_columns', 'add']);
});

test.each([
  { B: 3, message: 'prepend_rows x: expected 3 equal parts, got 4 rows' },
  { B: 0, message: 'prepend_rows x: expected 0 equal parts, got 4 rows' },
])('prepend_rows refuses $B parts of 4 rows', ({ B, message }) => {
  expect(() => prependRows(new Graph(), pinned('x', [4, 2]), pinned('row', [2]), B)).toThrow(message);
});

test('prepend_rows refuses rows of another length', () => {
  expect(() => prependRows(new Graph(), pinned('x', [4, 2]), pinned('row', [3]), 2)).toThrow(
    'prepend_rows rows: expected (2), got (3)',
  );
});
