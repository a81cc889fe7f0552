import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { l2Normalize } from '../../../src/ops/norms/l2_normalize';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, C: 1, eps: 1e-12 },
  { N: 5, C: 123, eps: 1e-12 },
  { N: 5, C: 123, eps: 100 },
  { N: 67, C: 384, eps: 1e-12 },
])('l2_normalize N=$N C=$C eps=$eps', async ({ N, C, eps }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1));
  const dy = input(memory, 'dy', [N, C], randomArray(N * C, 2));
  const earlier = input(memory, 'earlier', [N, C], randomArray(N * C, 3));
  const g = new Graph();
  g.train(x);
  const y = l2Normalize(g, x, eps);
  const dx = g.grad(y, dy, new Map([[x, earlier]])).get(x) as Value;
  // Sums of C terms in f32 have errors of a few ULP.
  await expectGpuEqualsReference(g, memory, [y, dx], 2e-6);
});

test('l2_normalize: a row of zeros stays zeros, and its gradient is dy / eps', async () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [2, 5], new Float64Array(10).fill(3, 5));
  const dy = input(memory, 'dy', [2, 5], randomArray(10, 2));
  const g = new Graph();
  g.train(x);
  const y = l2Normalize(g, x);
  const dx = g.grad(y, dy, new Map()).get(x) as Value;
  // eps itself is rounded to f32, which changes the gradient dy / eps.
  await expectGpuEqualsReference(g, memory, [y, dx], 1e-6);
});
