import { test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { ropeTable } from '../../src/models/rope_table';
import { rope } from '../../src/ops/rope';
import { expectGpuEqualsReference, input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import type { Memory } from '../reference/runner';

test.each([
  { N: 1, heads: 1, D: 2 },
  { N: 5, heads: 3, D: 6 },
  { N: 123, heads: 2, D: 10 },
  { N: 33, heads: 1, D: 8 },
  { N: 123, heads: 9, D: 64 },
])('rope N=$N heads=$heads D=$D', async ({ N, heads, D }) => {
  const memory: Memory = new Map();
  const C = heads * D;
  const P = 2 * N;
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1));
  const table = input(memory, 'table', [P, D], Float64Array.from(ropeTable({ type: 'default', theta: 500 }, D, P)));
  // Every position once, out of order.
  const positions = input(
    memory,
    'positions',
    [N],
    Float64Array.from({ length: N }, (_, n) => P - 1 - 2 * n),
    'u32',
  );
  const dy = input(memory, 'dy', [N, C], randomArray(N * C, 2));
  const earlier = input(memory, 'earlier', [N, C], randomArray(N * C, 3));
  const g = new Graph();
  g.train(x);
  const y = rope(g, x, table, positions, D);
  const alone = g.grad(y, dy, new Map()).get(x);
  const summed = g.grad(y, dy, new Map([[x, earlier]])).get(x);
  if (alone === undefined || summed === undefined) throw new Error('x received no gradient');
  // Two products and two sums of numbers below 1: at most 4 roundings of 2⁻²⁴ each, twice that where either
  // neighbour may come out.
  await expectGpuEqualsReference(g, memory, [y, alone, summed], 5e-7);
});
