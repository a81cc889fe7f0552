import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { rmsNorm } from '../../../src/ops/norms/rms_norm';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const shapes = [
  { N: 1, C: 1, heads: 1, offset: 0 },
  { N: 5, C: 123, heads: 1, offset: 0 },
  { N: 5, C: 123, heads: 1, offset: 1 },
  { N: 67, C: 767, heads: 1, offset: 0 },
  { N: 67, C: 768, heads: 1, offset: 0 },
  { N: 9, C: 16, heads: 4, offset: 0 },
  { N: 9, C: 16, heads: 4, offset: 1 },
] as const;
const cases = ['default', 'words', 'serial'].flatMap((variant) => shapes.map((shape) => ({ variant, ...shape })));

test.each(cases)('rms_norm $variant N=$N C=$C heads=$heads + $offset', async ({ variant, N, C, heads, offset }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, heads * C], randomArray(N * heads * C, 1));
  const weight = input(memory, 'weight', [C], randomArray(C, 2));
  const dy = input(memory, 'dy', [N, heads * C], randomArray(N * heads * C, 3));
  const earlier = input(memory, 'earlier', [N, heads * C], randomArray(N * heads * C, 4));
  const dweight = input(memory, 'dweight', [C], randomArray(C, 5));
  const g = new Graph();
  g.train(x);
  g.train(weight);
  const y = rmsNorm(g, x, weight, 1e-5, { weightOffset: offset });
  const into = new Map([
    [x, earlier],
    [weight, dweight],
  ]);
  const dx = g.grad(y, dy, into).get(x) as Value;
  // Reductions of C and N terms in f32 have errors of a few ULP.
  await expectGpuEqualsReference(g, memory, [y, dx, dweight], 2e-6, { variant });
});
