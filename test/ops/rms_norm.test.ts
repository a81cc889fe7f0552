import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned, transient, type Value } from '../../src/graph/value';
import { rmsNorm } from '../../src/ops/rms_norm';
import { expectGradient } from '../helpers/gradient';
import { input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import type { Memory } from '../reference/runner';

test.each([
  { N: 1, C: 1, heads: 1 },
  { N: 3, C: 7, heads: 1 },
  { N: 2, C: 4, heads: 3 },
])('rms_norm N=$N C=$C heads=$heads: central differences', ({ N, C, heads }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, heads * C], randomArray(N * heads * C, 1));
  const weight = input(memory, 'weight', [C], randomArray(C, 2));
  for (const wrt of [[x], [weight], [x, weight]]) expectGradient((g) => rmsNorm(g, x, weight, 1e-5), memory, wrt);
  expect(memory.size).toBe(2);
});

test('rms_norm: heads are whole', () => {
  expect(() => rmsNorm(new Graph(), pinned('x', [3, 8]), pinned('weight', [3]), 1e-5)).toThrow(/rms_norm weight/);
});

test('rms_norm: what does not train costs no dispatch', () => {
  const x = pinned('x', [3, 7]);
  const weight = pinned('weight', [7]);
  const dweight = pinned('dweight', [7]);
  const kernels = (trained: readonly Value[]): string[] => {
    const g = new Graph();
    for (const value of trained) g.train(value);
    const y = rmsNorm(g, x, weight, 1e-5);
    const gradients = g.grad(y, transient('dy', y.shape), new Map([[weight, dweight]]));
    expect(gradients.get(weight)).toBe(dweight);
    return g.steps.map(({ kernel }) => kernel.name);
  };
  expect(kernels([x])).toEqual(['rms_norm', 'rms_norm_backward']);
  expect(kernels([weight])).toEqual(['rms_norm', 'rms_norm_weight_backward']);
  expect(kernels([x, weight])).toEqual(['rms_norm', 'rms_norm_backward', 'rms_norm_weight_backward']);
});
