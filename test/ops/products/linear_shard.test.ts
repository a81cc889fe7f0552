import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { linear, linears } from '../../../src/ops/products/linear';
import { veraLinears } from '../../../src/ops/vera/vera';
import { input } from '../../helpers/gpu/on_gpu';
import { inputInShards } from '../../helpers/gpu/shards';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const [N, K] = [3, 5];

/** Creates the same weight twice, whole and in shards, and the other operands. */
function operands(M: number) {
  const memory: Memory = new Map();
  const numbers = randomArray(M * K, 1);
  return {
    memory,
    x: input(memory, 'x', [N, K], randomArray(N * K, 2)),
    whole: input(memory, 'whole', [M, K], numbers),
    split: inputInShards(memory, 'split', [M, K], numbers),
    bias: input(memory, 'bias', [M], randomArray(M, 3)),
    residual: input(memory, 'residual', [N, M], randomArray(N * M, 4)),
  };
}

test.each([65, 128, 200])('%i rows in shards: the product with the whole weight', (M) => {
  const { memory, x, whole, split, bias, residual } = operands(M);
  const g = new Graph();
  const pairs = [
    [linear(g, x, whole), linear(g, x, split)],
    [linear(g, x, whole, bias), linear(g, x, split, bias)],
    [linear(g, x, whole, bias, { residual }), linear(g, x, split, bias, { residual })],
  ] as const;
  runReference(g.steps, memory);
  for (const [expected, y] of pairs) {
    expect(y.shape).toEqual([N, M]);
    expect(memory.get(y)).toEqual(memory.get(expected));
  }
});

test('central differences by x, bias and residual, also beside a layer that is whole', () => {
  const { memory, x, whole, split, bias, residual } = operands(130);
  expectGradient((g) => linear(g, x, split, bias, { residual }), memory, [x, bias, residual]);
  const last = input(memory, 'last', [2, 130], randomArray(260, 5));
  expectGradient(
    (g) => {
      const [a, b] = linears(g, x, [{ weight: split }, { weight: whole, bias }]);
      return linear(g, a!, last, undefined, { residual: linear(g, b!, last) });
    },
    memory,
    [x],
  );
});

test('each shard takes one dispatch in both passes', () => {
  const { x, split } = operands(200);
  const g = new Graph();
  g.train(x);
  const y = linear(g, x, split);
  g.grad(y, pinned('dy', y.shape), new Map());
  const kernels = g.steps.map(({ kernel }) => kernel.name);
  expect(kernels).toEqual([...Array(4).fill('linear_shard'), ...Array(4).fill('linear_shard_backward')]);
  expect(g.steps.map(({ params }) => params.first)).toEqual([0, 64, 128, 192, 0, 64, 128, 192]);
});

test('an adapter over shards: central differences by x and its vectors', () => {
  const [M, R] = [130, 6];
  const { memory, x, split, bias } = operands(M);
  const u = input(memory, 'u', [N, R], randomArray(N * R, 6));
  const B = input(memory, 'B', [M, R], randomArray(M * R, 7));
  const lambda = input(memory, 'lambda', [132 + 8], randomArray(140, 8));
  const low = { u, B, lambda, offsetB: 0, offsetD: 132 };
  expectGradient((g) => veraLinears(g, x, [{ weight: split, bias, low }])[0]!, memory, [x, u, lambda], {
    tolerance: 1e-6,
  });
});

test('shapes are those of the whole', () => {
  const { x, split, bias } = operands(130);
  const g = new Graph();
  const other = pinned('other', [N, K + 1]);
  expect(() => linear(g, other, split)).toThrow(/expected \(130, 6\), got \(130, 5\)/);
  expect(() => linear(g, x, split, x)).toThrow(/linear bias: expected \(130\), got \(3, 5\)/);
  expect(() => linear(g, x, split, bias, { residual: x })).toThrow(/residual: expected \(3, 130\), got \(3, 5\)/);
  expect(g.steps).toHaveLength(0);
});
