import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { ropeTable } from '../../src/models/rope_table';
import { rope } from '../../src/ops/rope';
import { expectGradient } from '../helpers/gradient';
import { input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import { codeThrownBy } from '../helpers/safetensors_bytes';
import { type Memory, runReference } from '../reference/runner';

const config = { type: 'default', theta: 10000 } as const;

test.each([
  { N: 1, heads: 1, D: 2 },
  { N: 3, heads: 2, D: 6 },
])('rope N=$N heads=$heads D=$D: central differences', ({ N, heads, D }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, heads * D], randomArray(N * heads * D, 1));
  const table = input(memory, 'table', [9, D], Float64Array.from(ropeTable(config, D, 9)));
  const positions = input(
    memory,
    'positions',
    [N],
    Float64Array.from({ length: N }, (_, n) => (n * 5 + 2) % 9),
    'u32',
  );
  expectGradient((g) => rope(g, x, table, positions, D), memory, [x]);
});

test('turns every pair of halves by position · theta^(−2j/D)', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [1, 4], Float64Array.from([1, 0, 0, 1]));
  const table = input(memory, 'table', [4, 4], Float64Array.from(ropeTable(config, 4, 4)));
  const positions = input(memory, 'positions', [1], Float64Array.from([3]), 'u32');
  const g = new Graph();
  const y = rope(g, x, table, positions, 4);
  const turned = runReference(g.steps, memory).get(y) as Float64Array;
  const expected = [Math.cos(3), -Math.sin(0.03), Math.sin(3), Math.cos(0.03)];
  // The table is stored in f32.
  expected.forEach((value, index) => {
    expect(turned[index]).toBeCloseTo(value, 7);
  });
});

describe('rope refuses', () => {
  const build = (D: number, tableColumns: number, positions: number) => () =>
    rope(
      new Graph(),
      pinned('x', [2, 12]),
      pinned('table', [5, tableColumns]),
      pinned('positions', [positions], 'u32'),
      D,
    );
  test.each([
    ['an odd head', 3, 3, 2],
    ['a head that does not divide the row', 8, 8, 2],
    ['a table of other columns', 6, 4, 2],
    ['another number of positions', 6, 6, 3],
  ])('%s', (_, D, tableColumns, positions) => {
    expect(codeThrownBy(build(D, tableColumns, positions))).toBe('invalid_argument');
  });
});
