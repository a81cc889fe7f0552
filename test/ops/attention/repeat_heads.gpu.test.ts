import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { repeatHeads } from '../../../src/ops/attention/repeat_heads';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { integerArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, Hkv: 1, D: 1, times: 1 },
  { N: 7, Hkv: 2, D: 6, times: 3 },
  { N: 40, Hkv: 1, D: 64, times: 12 },
])('repeat_heads N=$N Hkv=$Hkv D=$D times=$times is exact', async ({ N, Hkv, D, times }) => {
  const memory: Memory = new Map();
  const values = (name: string, columns: number, seed: number) =>
    input(memory, name, [N, columns], integerArray(N * columns, seed));
  const g = new Graph();
  const x = g.train(values('x', Hkv * D, 1));
  const y = repeatHeads(g, x, D, times);
  const gradients = g.grad(y, values('dy', Hkv * D * times, 2), new Map([[x, values('earlier', Hkv * D, 3)]]));
  await expectGpuEqualsReference(g, memory, [y, ...gradients.values()], 0);
});
