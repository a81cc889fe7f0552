import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { add } from '../../../src/ops/add';
import { poolRows, type RowPool } from '../../../src/ops/rows/pool_rows';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const cases: readonly { readonly B: number; readonly T: number; readonly C: number; readonly pools: RowPool[] }[] = [
  { B: 1, T: 1, C: 1, pools: ['sum'] },
  { B: 3, T: 4, C: 5, pools: ['sum'] },
  { B: 3, T: 4, C: 5, pools: ['max'] },
  { B: 2, T: 3, C: 4, pools: ['max', 'sum', 'sum'] },
];

test.each(cases)('pool_rows B=$B T=$T C=$C $pools: central differences', ({ B, T, C, pools }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [B * T, C], randomArray(B * T * C, 1));
  const counts = randomArray(pools.length * B * T, 2).map((number, n) => (n % T === T - 2 ? 0 : number + 2));
  const weights = input(memory, 'weights', [pools.length, B * T], counts);
  expectGradient((g) => poolRows(g, x, weights, { B, T, pools }), memory, [x]);
});

test('pool_rows: gradients of several uses add up', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [6, 2], randomArray(12, 1));
  const weights = input(memory, 'weights', [1, 6], randomArray(6, 2));
  const pooled = (g: Graph, pool: RowPool) => poolRows(g, x, weights, { B: 2, T: 3, pools: [pool] });
  expectGradient((g) => add(g, pooled(g, 'sum'), pooled(g, 'max')), memory, [x]);
});

test('pool_rows sums rows by their weights, and takes maxima of rows that have one', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [6, 2], Float64Array.of(9, -9, -1, 2, -3, 4, 5, 6, 7, 1, 8, 8));
  const weights = input(memory, 'weights', [2, 6], Float64Array.of(0, 0.5, 0.5, 1, 0, 0, 0, 1, 1, 1, 1, 0));
  const g = new Graph();
  const y = poolRows(g, x, weights, { B: 2, T: 3, pools: ['sum', 'max'] });
  expect(y.shape).toEqual([2, 4]);
  expect([...(runReference(g.steps, memory).get(y) as Float64Array)]).toEqual([-2, 3, -1, 4, 5, 6, 7, 6]);
});

test.each([
  { rows: 5, weights: [1, 6], pools: ['sum'] as const },
  { rows: 6, weights: [2, 6], pools: ['sum'] as const },
  { rows: 6, weights: [0, 6], pools: [] as const },
])('pool_rows refuses $rows rows with weights $weights for $pools', ({ rows, weights, pools }) => {
  const build = () => poolRows(new Graph(), pinned('x', [rows, 2]), pinned('w', weights), { B: 2, T: 3, pools });
  expect(build).toThrow(/pool_rows/);
});
