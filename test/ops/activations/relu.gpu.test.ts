import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { relu } from '../../../src/ops/activations/relu';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { integerArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 5, F: 123 },
  { N: 64, F: 3072 },
])('relu N=$N F=$F', async ({ N, F }) => {
  const memory: Memory = new Map();
  // The inputs are whole numbers, and about a ninth of them are 0.
  const values = (name: string, seed: number) => input(memory, name, [N, F], integerArray(N * F, seed));
  const x = values('x', 1);
  const g = new Graph();
  g.train(x);
  const y = relu(g, x);
  const dy = values('dy', 2);
  const alone = g.grad(y, dy, new Map()).get(x);
  const added = g.grad(y, dy, new Map([[x, values('earlier', 3)]])).get(x);
  await expectGpuEqualsReference(g, memory, [y, alone as Value, added as Value], 0);
});
