import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, transient, type Value } from '../../../src/graph/value';
import { layerNorm } from '../../../src/ops/norms/layer_norm';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const eps = 1e-5;

function operands(N: number, C: number): { memory: Memory; x: Value; weight: Value; bias: Value } {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1));
  const weight = input(memory, 'weight', [C], randomArray(C, 2));
  const bias = input(memory, 'bias', [C], randomArray(C, 3));
  return { memory, x, weight, bias };
}

test.each([
  { N: 1, C: 1 },
  { N: 3, C: 7 },
])('layer_norm N=$N C=$C: central differences by all', ({ N, C }) => {
  const { memory, x, weight, bias } = operands(N, C);
  expectGradient((g) => layerNorm(g, x, weight, bias, eps), memory, [x, weight, bias]);
});

test.each([['x'], ['weight'], ['x', 'weight']] as const)(
  'layer_norm without bias: central differences by %s',
  (...names) => {
    const { memory, ...values } = operands(3, 7);
    expectGradient(
      (g) => layerNorm(g, values.x, values.weight, undefined, eps),
      memory,
      names.map((name) => values[name]),
    );
  },
);

test.each(['x', 'weight', 'bias'] as const)('layer_norm: central differences where only %s trains', (name) => {
  const { memory, ...values } = operands(3, 7);
  expectGradient((g) => layerNorm(g, values.x, values.weight, values.bias, eps), memory, [values[name]]);
});

test('layer_norm: the result of torch.nn.LayerNorm', () => {
  const { memory, x, weight, bias } = operands(1, 4);
  memory.set(x, Float64Array.of(1, 2, 3, 6));
  memory.set(weight, Float64Array.of(1, 1, 2, 1));
  memory.set(bias, Float64Array.of(0, 0, 0, 10));
  const g = new Graph();
  const y = layerNorm(g, x, weight, bias, 0.5);
  // The mean is 3 and the variance (4 + 1 + 0 + 9) / 4 = 3.5, so rstd is 1/2.
  expect([...(runReference(g.steps, memory).get(y) as Float64Array)]).toEqual([-1, -0.5, 0, 11.5]);
  const plain = new Graph();
  const unbiased = layerNorm(plain, x, weight, undefined, 0.5);
  expect([...(runReference(plain.steps, memory).get(unbiased) as Float64Array)]).toEqual([-1, -0.5, 0, 1.5]);
});

test.each<[trained: ('x' | 'weight' | 'bias')[], kernels: string[]]>([
  [['x'], ['layer_norm_backward']],
  [['bias'], ['column_sum']],
  [
    ['x', 'bias'],
    ['layer_norm_backward', 'column_sum'],
  ],
  [
    ['x', 'weight', 'bias'],
    ['layer_norm_backward', 'layer_norm_weight_backward'],
  ],
])('layer_norm: dispatches where %j train', (trained, kernels) => {
  const { x, weight, bias } = operands(3, 7);
  const values = { x, weight, bias };
  const g = new Graph();
  for (const name of trained) g.train(values[name]);
  const y = layerNorm(g, x, weight, bias, eps);
  const sums = new Map(trained.map((name) => [values[name], pinned(`d${name}`, values[name].shape)]));
  const gradients = g.grad(y, transient('dy', y.shape), sums);
  expect(g.steps.map(({ kernel }) => kernel.name)).toEqual(['layer_norm', ...kernels]);
  for (const value of [weight, bias]) expect(gradients.get(value)).toBe(sums.get(value));
  expect(gradients.has(x)).toBe(trained.includes('x'));
});

test('layer_norm refuses weights of another width', () => {
  const { x, weight, bias } = operands(3, 7);
  const other = pinned('other', [8]);
  expect(() => layerNorm(new Graph(), x, other, bias, eps)).toThrow('layer_norm weight: expected (7), got (8)');
  expect(() => layerNorm(new Graph(), x, weight, other, eps)).toThrow('layer_norm bias: expected (7), got (8)');
});
