import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { emitMatrices } from '../../../src/ops/unilora/unilora_matrices';
import { expectGpuEqualsReference } from '../../helpers/gpu/on_gpu';
import { SIZES, sharedMatrices } from './shared_matrices';

const cases = ['default', 'serial'].flatMap((variant) => SIZES.map((sizes) => ({ variant, ...sizes })));

test.each(cases)('unilora_matrices $variant, $length numbers in $entries places', async ({ variant, ...sizes }) => {
  const { memory, table, pool, grads, into, d_into } = sharedMatrices(sizes);
  const g = new Graph();
  g.train(pool);
  emitMatrices(g, pool, table, into);
  const gradients = new Map([
    [pool, grads],
    [into, d_into],
  ]);
  g.grad(pool, grads, gradients);
  // A sum of some 80 terms in f32 has an error of a few ULP.
  await expectGpuEqualsReference(g, memory, [grads], 3e-6, { variant });
  const forward = new Graph();
  emitMatrices(forward, pool, table, into);
  await expectGpuEqualsReference(forward, memory, [into], 1e-6, { variant });
});
