import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, transient, type Value } from '../../../src/graph/value';
import { rmsNorm } from '../../../src/ops/norms/rms_norm';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { N: 1, C: 1, heads: 1, weightOffset: 0 },
  { N: 3, C: 7, heads: 1, weightOffset: 0 },
  { N: 3, C: 7, heads: 1, weightOffset: 1 },
  { N: 2, C: 4, heads: 3, weightOffset: 1 },
] as const)('rms_norm N=$N C=$C heads=$heads + $weightOffset: central differences', ({ N, C, heads, weightOffset }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, heads * C], randomArray(N * heads * C, 1));
  const weight = input(memory, 'weight', [C], randomArray(C, 2));
  const build = (g: Graph): Value => rmsNorm(g, x, weight, 1e-5, { weightOffset });
  for (const wrt of [[x], [weight], [x, weight]]) expectGradient(build, memory, wrt);
  expect(memory.size).toBe(2);
});

test('rms_norm: weights that are stored as their distance from one', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [3, 7], randomArray(21, 1));
  const stored = input(memory, 'stored', [7], randomArray(7, 2));
  const whole = input(
    memory,
    'whole',
    [7],
    randomArray(7, 2).map((w) => w + 1),
  );
  const g = new Graph();
  const [plain, offset] = [rmsNorm(g, x, whole, 1e-5), rmsNorm(g, x, stored, 1e-5, { weightOffset: 1 })];
  const results = runReference(g.steps, memory);
  expect(results.get(offset)).toEqual(results.get(plain));
});

test('rms_norm refuses rows that are not whole heads', () => {
  expect(() => rmsNorm(new Graph(), pinned('x', [3, 8]), pinned('weight', [3]), 1e-5)).toThrow(/rms_norm weight/);
});

test('rms_norm: a frozen weight costs no dispatch', () => {
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
