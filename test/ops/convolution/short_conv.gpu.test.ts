import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { shortConv } from '../../../src/ops/convolution/short_conv';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import { convInputs } from '../../helpers/models/conv_inputs';
import type { Memory } from '../../reference/runner';

/** Two rows of T tokens: several documents between padding, and one document. */
function twoRows(T: number): number[][] {
  return [Array.from({ length: T }, (_, t) => (t % 7 === 0 ? 0 : 1 + Math.floor(t / 5))), Array(T).fill(1)];
}

const shapes = [
  { C: 1, K: 1, documents: [[1]] },
  { C: 5, K: 3, documents: twoRows(23) },
  { C: 8, K: 4, documents: twoRows(3) },
  { C: 132, K: 3, documents: twoRows(70) },
];
const cases = ['default', 'serial'].flatMap((variant) => shapes.map((shape) => ({ variant, ...shape })));

test.each(cases)('short_conv $variant C=$C K=$K', async ({ variant, C, K, documents }) => {
  const memory: Memory = new Map();
  const inputs = convInputs(memory, { C, K, documents });
  const { bcx, weight } = inputs;
  const [N = 0] = bcx.shape;
  const dy = input(memory, 'dy', [N, C], randomArray(N * C, 3));
  const earlier = input(memory, 'earlier', bcx.shape, randomArray(3 * N * C, 4));
  const dweight = input(memory, 'dweight', weight.shape, randomArray(K * C, 5));
  const g = new Graph();
  g.train(bcx);
  g.train(weight);
  const y = shortConv(g, inputs);
  const into = new Map([
    [bcx, earlier],
    [weight, dweight],
  ]);
  const dbcx = g.grad(y, dy, into).get(bcx) as Value;
  // Sums of K and N terms in f32 have errors of a few ULP.
  await expectGpuEqualsReference(g, memory, [y, dbcx, dweight], 2e-6, { variant });
});
