import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { withAlibi } from '../../../src/ops/attention/alibi';
import { resizeHeads } from '../../../src/ops/attention/resize_heads';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, H: 1, D: 4 },
  { N: 7, H: 3, D: 6 },
  { N: 40, H: 12, D: 64 },
])('biased heads N=$N H=$H D=$D', async ({ N, H, D }) => {
  const memory: Memory = new Map();
  const make = (name: string, seed: number): Value => input(memory, name, [N, H * D], randomArray(N * H * D, seed));
  const [q, k, v] = [make('q', 1), make('k', 2), make('v', 3)];
  const table = input(memory, 'table', [N, H], randomArray(N * H, 4));
  const positions = input(
    memory,
    'positions',
    [N],
    Float64Array.from({ length: N }, (_, n) => N - 1 - n),
    'u32',
  );
  const g = new Graph();
  g.train(k);
  const heads = withAlibi(g, { q, k, v, table, positions, D });
  const y = resizeHeads(g, heads.k, heads.D, D);
  const dy = input(memory, 'dy', y.shape, randomArray(N * H * D, 5));
  const dk = g.grad(y, dy, new Map()).get(k) as Value;
  await expectGpuEqualsReference(g, memory, [heads.q, heads.k, heads.v, y, dk], 0);
});
