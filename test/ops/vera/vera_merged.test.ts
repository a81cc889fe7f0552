import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { linear } from '../../../src/ops/products/linear';
import { veraLinears } from '../../../src/ops/vera/vera';
import { veraMerge } from '../../../src/ops/vera/vera_merge';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test('layers with one input in merged weights: central differences by x and the pool, through the weights', () => {
  const memory: Memory = new Map();
  const [N, K, R, widths] = [3, 5, 6, [7, 4]] as const;
  const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
  const A = input(memory, 'A', [R, K + 2], randomArray(R * (K + 2), 4));
  const B = input(memory, 'B', [9, R], randomArray(9 * R, 5));
  const lambda = input(memory, 'lambda', [40], randomArray(40, 6));
  const plain = widths.map((M, i) => input(memory, `weight ${i}`, [M, K], randomArray(M * K, 10 + i)));
  const into = widths.map((M, i) => input(memory, `merged ${i}`, [M, K], randomArray(M * K, 20 + i)));
  const places = [
    { offsetB: 4, offsetD: 12 },
    { offsetB: 20, offsetD: 24 },
  ] as const;
  const build = (g: Graph): Value => {
    places.forEach((place, i) => void veraMerge(g, { weight: plain[i], A, B, lambda, K, ...place }, into[i]!));
    const layers = places.map((place, i) => ({ weight: into[i]!, merged: { A, B, lambda, ...place } }));
    const [first, second] = veraLinears(g, x, layers);
    // The results of both layers contribute to one value.
    return linear(g, first!, input(memory, 'mix', [4, 7], randomArray(28, 30)), undefined, { residual: second! });
  };
  expectGradient(build, memory, [x, lambda], { tolerance: 1e-6 });
  expectGradient(build, memory, [lambda], { tolerance: 1e-6 });
  const g = new Graph();
  g.train(lambda);
  const y = build(g);
  g.grad(y, pinned('dy', y.shape), new Map([[lambda, pinned('grads', lambda.shape)]]));
  // Layers share a dispatch of vera_lambda_backward only if the gradients of their results are parts of one value. Here one of the
  // two gradients is an input, so each layer has its own dispatch. No other low-rank kernel runs.
  const names = g.steps.map(({ kernel }) => kernel.name);
  expect(names.filter((name) => name.startsWith('vera_') && name !== 'vera_merge')).toEqual([
    'vera_lambda_backward',
    'vera_lambda_backward',
    'vera_lambda_reduce',
  ]);
});
