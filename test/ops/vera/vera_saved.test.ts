import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { linear } from '../../../src/ops/products/linear';
import { veraDown, veraLinears } from '../../../src/ops/vera/vera';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

/** Builds two layers with one input; one or both store their low-rank part. */
function layers(saved: readonly [boolean, boolean]) {
  const memory: Memory = new Map();
  const [N, K, R, widths] = [3, 5, 6, [7, 4]] as const;
  const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
  const A = input(memory, 'A', [R, K + 2], randomArray(R * (K + 2), 4));
  const B = input(memory, 'B', [9, R], randomArray(9 * R, 5));
  const lambda = input(memory, 'lambda', [40], randomArray(40, 6));
  const residual = input(memory, 'residual', [N, 7], randomArray(N * 7, 7));
  const bias = input(memory, 'bias', [4], randomArray(4, 8));
  const weights = widths.map((M, i) => input(memory, `weight ${i}`, [M, K], randomArray(M * K, 10 + i)));
  const mix = input(memory, 'mix', [4, 7], randomArray(28, 30));
  const build = (g: Graph): Value => {
    const u = veraDown(g, x, A);
    const shared = { u, B, lambda };
    const [first, second] = veraLinears(g, x, [
      { weight: weights[0]!, residual, low: { ...shared, offsetB: 4, offsetD: 12 }, saved: saved[0] },
      { weight: weights[1]!, bias, low: { ...shared, offsetB: 20, offsetD: 24 }, saved: saved[1] },
    ]);
    // The results of both layers contribute to one value.
    return linear(g, first!, mix, undefined, { residual: second! });
  };
  return { memory, build, x, lambda, residual, bias };
}

test.each([[true, true] as const, [true, false] as const, [false, true] as const])(
  'layers with one input, stored: %s and %s: central differences by all that trains',
  (...saved) => {
    const { memory, build, x, lambda, residual, bias } = layers(saved);
    expectGradient(build, memory, [x, lambda, residual, bias], { tolerance: 1e-6 });
    expectGradient(build, memory, [lambda], { tolerance: 1e-6 });
  },
);

test('the stored part replaces the product that the gradients otherwise need', () => {
  const { build, lambda } = layers([true, true]);
  const g = new Graph();
  g.train(lambda);
  const y = build(g);
  g.grad(y, pinned('dy', y.shape), new Map([[lambda, pinned('grads', lambda.shape)]]));
  const names = g.steps.map(({ kernel }) => kernel.name).filter((name) => name.startsWith('vera_'));
  expect(names).toEqual([
    'vera_saved',
    'vera_saved',
    'vera_saved_backward',
    'vera_saved_sums',
    'vera_saved_backward',
    'vera_saved_sums',
    'vera_lambda_reduce',
  ]);
});
