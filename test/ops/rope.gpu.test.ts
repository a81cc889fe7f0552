import { test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned, type Value } from '../../src/graph/value';
import { ropeTable } from '../../src/models/positions/rope_table';
import { rope } from '../../src/ops/rope';
import { expectGpuEqualsReference, input } from '../helpers/gpu/on_gpu';
import { randomArray } from '../helpers/maths/random';
import type { Memory } from '../reference/runner';

test.each([
  { N: 1, heads: 1, kvHeads: 1, D: 2, R: 2 },
  { N: 5, heads: 3, kvHeads: 1, D: 6, R: 6 },
  { N: 123, heads: 2, kvHeads: 2, D: 10, R: 10 },
  { N: 33, heads: 1, kvHeads: 1, D: 8, R: 8 },
  { N: 123, heads: 9, kvHeads: 3, D: 64, R: 64 },
  { N: 1, heads: 1, kvHeads: 1, D: 4, R: 2 },
  { N: 123, heads: 9, kvHeads: 3, D: 64, R: 48 },
])('rope N=$N heads=$heads/$kvHeads D=$D R=$R', async ({ N, heads, kvHeads, D, R }) => {
  const memory: Memory = new Map();
  const P = 2 * N;
  const row = (name: string, count: number, seed: number): Value =>
    input(memory, name, [N, count * D], randomArray(N * count * D, seed));
  const q = row('q', heads, 1);
  const k = row('k', kvHeads, 2);
  const table = input(memory, 'table', [P, R], Float64Array.from(ropeTable({ type: 'default', theta: 500 }, R, P)));
  // The odd positions, in descending order.
  const positions = input(
    memory,
    'positions',
    [N],
    Float64Array.from({ length: N }, (_, n) => P - 1 - 2 * n),
    'u32',
  );
  const g = new Graph();
  g.train(q);
  g.train(k);
  const turned = rope(g, { q, k, table, positions, D });
  // The gradients of q, of k, or of both are computed, with or without earlier gradients.
  const dys = { q: row('dq', heads, 3), k: row('dk', kvHeads, 4) };
  const earlier = { q: row('earlier dq', heads, 5), k: row('earlier dk', kvHeads, 6) };
  const wanted: Value[] = [turned.q, turned.k];
  const gradients = (of: readonly ('q' | 'k')[], into: readonly ('q' | 'k')[]): void => {
    const inputs = { q, k };
    const end = pinned('end', [1]);
    g.differentiateAll([end], Object.values(turned), (_, sums) => {
      for (const name of of) sums.put(turned[name], dys[name]);
    });
    const sums = g.grad(end, end, new Map(into.map((name) => [inputs[name], earlier[name]])));
    for (const name of of) {
      const gradient = sums.get(inputs[name]);
      if (gradient === undefined) throw new Error(`${name} received no gradient`);
      wanted.push(gradient);
    }
  };
  gradients(['q', 'k'], []);
  gradients(['q', 'k'], ['q', 'k']);
  gradients(['q'], ['q']);
  gradients(['k'], []);
  // Two products and two sums of numbers below 1 are rounded at most 4 times by 2⁻²⁴, or by twice that if a device may
  // round to either neighbour.
  await expectGpuEqualsReference(g, memory, wanted, 5e-7);
});
