import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { add } from '../../../src/ops/add';
import { sliceColumns } from '../../../src/ops/rows/slice_columns';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { C: 1, start: 0, count: 1 },
  { C: 7, start: 0, count: 7 },
  { C: 7, start: 2, count: 3 },
  { C: 7, start: 6, count: 1 },
  { C: 12, start: 1, count: 2, groups: 3 },
])(
  'slice_columns C=$C start=$start count=$count groups=$groups: central differences',
  ({ C, start, count, groups }) => {
    const memory: Memory = new Map();
    const x = input(memory, 'x', [2, 2, C], randomArray(4 * C, 1));
    expectGradient((g) => sliceColumns(g, x, start, count, groups), memory, [x]);
  },
);

test('slice_columns: gradients of several slices add up', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [3, 5], randomArray(15, 1));
  expectGradient((g) => add(g, sliceColumns(g, x, 0, 3), sliceColumns(g, x, 2, 3)), memory, [x]);
});

test('slice_columns takes the given columns', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [2, 4], Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  const g = new Graph();
  const y = sliceColumns(g, x, 1, 2);
  expect(y.shape).toEqual([2, 2]);
  expect([...(runReference(g.steps, memory).get(y) as Float64Array)]).toEqual([1, 2, 5, 6]);
});

test('slice_columns takes the same columns of each group', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [2, 6], Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  const g = new Graph();
  const y = sliceColumns(g, x, 1, 2, 2);
  expect(y.shape).toEqual([2, 4]);
  expect([...(runReference(g.steps, memory).get(y) as Float64Array)]).toEqual([1, 2, 4, 5, 7, 8, 10, 11]);
});

test.each([
  [-1, 2],
  [0, 0],
  [3, 2],
  [0.5, 1],
  [0, Number.NaN],
])('slice_columns refuses start %d and count %d of 4 columns', (start, count) => {
  const x = pinned('x', [2, 4]);
  expect(() => sliceColumns(new Graph(), x, start, count)).toThrow('slice_columns: expected columns among 4');
});
