import { test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { mul } from '../../src/ops/mul';
import { expectGpuEqualsReference, input } from '../helpers/gpu/on_gpu';
import { integerArray } from '../helpers/maths/random';
import type { Memory } from '../reference/runner';

test.each([1, 123, 64 * 576])('mul of %i elements, and both gradients, are exact', async (size) => {
  const memory: Memory = new Map();
  const values = (name: string, seed: number) => input(memory, name, [size], integerArray(size, seed));
  const g = new Graph();
  const a = g.train(values('a', 1));
  const b = g.train(values('b', 2));
  const y = mul(g, a, b);
  const gradients = g.grad(y, values('dy', 3), new Map([[a, values('earlier', 4)]]));
  await expectGpuEqualsReference(g, memory, [y, ...gradients.values()], 0);
});
