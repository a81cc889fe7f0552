import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned, type Value } from '../../src/graph/value';
import { ropeTable } from '../../src/models/positions/rope_table';
import { linear } from '../../src/ops/products/linear';
import { rope } from '../../src/ops/rope';
import { codeThrownBy } from '../helpers/bytes/safetensors_bytes';
import { input } from '../helpers/gpu/on_gpu';
import { expectGradient } from '../helpers/maths/gradient';
import { randomArray } from '../helpers/maths/random';
import { type Memory, runReference } from '../reference/runner';

const config = { type: 'default', theta: 10000 } as const;

test.each([
  { N: 1, heads: 1, kvHeads: 1, D: 2, R: 2 },
  { N: 3, heads: 4, kvHeads: 2, D: 6, R: 6 },
  { N: 3, heads: 4, kvHeads: 2, D: 6, R: 4 },
])('rope N=$N heads=$heads/$kvHeads D=$D R=$R: central differences', ({ N, heads, kvHeads, D, R }) => {
  const memory: Memory = new Map();
  const q = input(memory, 'q', [N, heads * D], randomArray(N * heads * D, 1));
  const k = input(memory, 'k', [N, kvHeads * D], randomArray(N * kvHeads * D, 2));
  const table = input(memory, 'table', [9, R], Float64Array.from(ropeTable(config, R, 9)));
  const positions = input(
    memory,
    'positions',
    [N],
    Float64Array.from({ length: N }, (_, n) => (n * 5 + 2) % 9),
    'u32',
  );
  const turned = (g: Graph) => rope(g, { q, k, table, positions, D });
  expectGradient((g) => turned(g).q, memory, [q]);
  expectGradient((g) => turned(g).k, memory, [k]);
  const both = (g: Graph): Value => {
    const { q, k } = turned(g);
    const weight = (name: string, { shape }: Value, seed: number): Value =>
      input(memory, name, [2, shape[1]!], randomArray(2 * shape[1]!, seed));
    return linear(g, q, weight('of q', q, 3), undefined, { residual: linear(g, k, weight('of k', k, 4)) });
  };
  expectGradient(both, memory, [q, k]);
  expectGradient(both, memory, [k]);
});

test('turns every pair of halves by position · theta^(−2j/D)', () => {
  const memory: Memory = new Map();
  const q = input(memory, 'q', [1, 4], Float64Array.from([1, 0, 0, 1]));
  const k = input(memory, 'k', [1, 4], Float64Array.from([1, 0, 0, 1]));
  const table = input(memory, 'table', [4, 4], Float64Array.from(ropeTable(config, 4, 4)));
  const positions = input(memory, 'positions', [1], Float64Array.from([3]), 'u32');
  const g = new Graph();
  const turned = rope(g, { q, k, table, positions, D: 4 });
  runReference(g.steps, memory);
  const expected = [Math.cos(3), -Math.sin(0.03), Math.sin(3), Math.cos(0.03)];
  for (const value of [turned.q, turned.k]) {
    expected.forEach((number, index) => {
      // The table is stored in f32.
      expect(memory.get(value)?.[index]).toBeCloseTo(number, 7);
    });
  }
});

test('turns the first numbers of each head, and leaves the others', () => {
  const memory: Memory = new Map();
  const q = input(memory, 'q', [1, 8], Float64Array.from([1, 0, 7, 5, 0, 1, 8, 6]));
  const k = input(memory, 'k', [1, 4], Float64Array.from([1, 0, 9, 4]));
  const table = input(memory, 'table', [4, 2], Float64Array.from(ropeTable(config, 2, 4)));
  const positions = input(memory, 'positions', [1], Float64Array.from([3]), 'u32');
  const g = new Graph();
  const turned = rope(g, { q, k, table, positions, D: 4 });
  runReference(g.steps, memory);
  const [cos, sin] = [Math.fround(Math.cos(3)), Math.fround(Math.sin(3))];
  expect([...(memory.get(turned.q) ?? [])]).toEqual([cos, sin, 7, 5, -sin, cos, 8, 6]);
  expect([...(memory.get(turned.k) ?? [])]).toEqual([cos, sin, 9, 4]);
});

describe('rope refuses', () => {
  const build =
    (D: number, tableColumns: number, positions: number, columnsOfK = 12, rowsOfK = 2) =>
    () =>
      rope(new Graph(), {
        q: pinned('q', [2, 12]),
        k: pinned('k', [rowsOfK, columnsOfK]),
        table: pinned('table', [5, tableColumns]),
        positions: pinned('positions', [positions], 'u32'),
        D,
      });
  test.each<[string, number, number, number, number?, number?]>([
    ['an odd head', 3, 3, 2],
    ['a head that does not divide the row', 8, 8, 2],
    ['a table of odd columns', 6, 3, 2],
    ['another number of positions', 6, 6, 3],
    ['a head that does not divide the row of keys', 6, 6, 2, 8],
    ['another number of keys', 6, 6, 2, 6, 3],
  ])('%s', (_, D, tableColumns, positions, columnsOfK, rowsOfK) => {
    expect(codeThrownBy(build(D, tableColumns, positions, columnsOfK, rowsOfK))).toBe('invalid_argument');
  });
  test.each([0, 3, 8])('%i numbers of a head of 6', (R) => {
    const shape = [2, 12];
    const body = () =>
      rope(new Graph(), {
        q: pinned('q', shape),
        k: pinned('k', shape),
        table: pinned('table', [5, R]),
        positions: pinned('positions', [2], 'u32'),
        D: 6,
      });
    expect(codeThrownBy(body)).toBe('invalid_argument');
  });
});
