import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { emitLinearBackward, linear, linears } from '../../../src/ops/products/linear';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { integerArray, randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, M: 1, K: 1 },
  { N: 3, M: 5, K: 7 },
])('linear N=$N M=$M K=$K: central differences', ({ N, M, K }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
  const weight = input(memory, 'weight', [M, K], randomArray(M * K, 2));
  const bias = input(memory, 'bias', [M], randomArray(M, 3));
  expectGradient((g) => linear(g, x, weight, bias), memory, [x]);
  expectGradient((g) => linear(g, x, weight, bias), memory, [x, weight, bias]);
  expectGradient((g) => linear(g, x, weight, bias), memory, [bias]);
  expectGradient((g) => linear(g, x, weight), memory, [weight]);
  // Here the gradient of x passes through a second layer.
  expectGradient(
    (g) => linear(g, linear(g, x, weight), input(memory, 'second', [2, M], randomArray(2 * M, 4))),
    memory,
    [x],
  );
});

test('a weight and a bias that two layers share accumulate both gradients', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [2, 3], randomArray(6, 1));
  const weight = input(memory, 'weight', [3, 3], randomArray(9, 2));
  const bias = input(memory, 'bias', [3], randomArray(3, 3));
  const twice = (g: Graph): Value => linear(g, linear(g, x, weight, bias), weight, bias);
  expectGradient(twice, memory, [weight, bias]);
});

test('a residual is added, and gets the gradient as it is', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [3, 5], randomArray(15, 1));
  const weight = input(memory, 'weight', [5, 5], randomArray(25, 2));
  const bias = input(memory, 'bias', [5], randomArray(5, 3));
  const residual = input(memory, 'residual', [3, 5], randomArray(15, 4));
  expectGradient((g) => linear(g, x, weight, bias, { residual }), memory, [x, weight, bias, residual]);
  expectGradient((g) => linear(g, x, weight, undefined, { residual }), memory, [residual]);
  expectGradient((g) => linear(g, x, weight, bias, { residual: x }), memory, [x]);
  const g = new Graph();
  g.train(residual);
  const dy = pinned('dy', [3, 5]);
  const y = linear(g, x, weight, bias, { residual });
  expect(g.grad(y, dy, new Map()).get(residual)).toBe(dy);
  expect(g.steps).toHaveLength(1);
});

describe('layers with one input', () => {
  const sizes = [5, 3, 4, 8, 1] as const;

  function five(dtypes: readonly Value['dtype'][] = []) {
    const memory: Memory = new Map();
    const x = input(memory, 'x', [3, 8], randomArray(24, 1));
    const layers = sizes.map((M, i) => ({
      weight: input(memory, `weight ${i}`, [M, 8], integerArray(M * 8, 2 + i), dtypes[i]),
      bias: input(memory, `bias ${i}`, [M], randomArray(M, 10 + i)),
      last: input(memory, `last ${i}`, [2, M], randomArray(2 * M, 20 + i)),
    }));
    /** Builds the layers. The results of those in `used` pass through further layers, and these results are added. */
    const build = (g: Graph, used = sizes.map((_, i) => i)): Value => {
      const ys = linears(g, x, layers);
      return used.reduce<Value | undefined>(
        (residual, i) => linear(g, ys[i]!, layers[i]!.last, undefined, { residual }),
        undefined,
      )!;
    };
    /** Returns the number of layers in each dispatch that computes the gradient with respect to x. */
    const parts = (used?: number[]): number[] => {
      const g = new Graph();
      g.train(x);
      const y = build(g, used);
      g.grad(y, pinned('dy', y.shape), new Map());
      const backward = g.steps.filter(({ kernel, values }) => kernel.name === 'linear_backward' && values.weight0);
      const first = new Set<Value | undefined>(layers.map(({ weight }) => weight));
      return backward
        .filter(({ values }) => first.has(values.weight0))
        .map(({ params }) => [params.M0, params.M1, params.M2].filter((M) => M !== 0).length);
    };
    return { memory, x, layers, build, parts };
  }

  test('central differences by the input, weights and biases', () => {
    const { memory, x, layers, build } = five();
    expectGradient(build, memory, [x]);
    expectGradient(build, memory, [x, ...layers.flatMap(({ weight, bias }) => [weight, bias])], { tolerance: 1e-6 });
    expectGradient(build, memory, [layers[1]!.weight, layers[3]!.bias], { tolerance: 1e-6 });
    expectGradient((g) => build(g, [3, 0]), memory, [x, layers[0]!.weight], { tolerance: 1e-6 });
  });

  test('layers with the same storage share dispatches, three at a time', () => {
    // Layers share dispatches even if the rows of their results have 5, 3 or 1 elements, which don't fill whole vec4s.
    expect(five().parts()).toEqual([3, 2]);
    expect(five(['f32', 'f32', 'f16', 'f32', 'f32']).parts()).toEqual([3, 1, 1]);
    // A dispatch contains only layers whose results are used.
    expect(five().parts([0, 2, 3])).toEqual([1, 2]);
  });

  test('a layer below which nothing trains depends on nothing', () => {
    const { layers, x } = five();
    const g = new Graph();
    g.train(layers[2]!.bias);
    expect(linears(g, x, layers).map((y) => g.trains(y))).toEqual([false, false, true, false, false]);
  });
});

test('only what trains receives a gradient', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [2, 3], randomArray(6, 1));
  const weight = input(memory, 'weight', [5, 3], randomArray(15, 2));
  const bias = input(memory, 'bias', [5], randomArray(5, 3));
  const backward = (...trained: Value[]): string[] => {
    const g = new Graph();
    for (const value of trained) g.train(value);
    const y = linear(g, x, weight, bias);
    const buffers = trained.map((value): [Value, Value] => [value, pinned(`d${value.name}`, value.shape)]);
    g.grad(y, pinned('dy', y.shape), new Map(buffers));
    return g.steps.slice(1).map(({ kernel }) => kernel.name);
  };
  expect(backward()).toEqual([]);
  expect(backward(x)).toEqual(['linear_backward']);
  expect(backward(weight)).toEqual(['linear_weight_backward']);
  expect(backward(bias)).toEqual(['column_sum']);
  expect(backward(x, weight, bias)).toEqual(['linear_backward', 'linear_weight_backward', 'column_sum']);
});

test('a gradient that gathers needs a buffer', () => {
  const g = new Graph();
  const weight = g.train(pinned('weight', [5, 3]));
  const y = linear(g, pinned('x', [2, 3]), weight);
  expect(() => g.grad(y, pinned('dy', y.shape), new Map())).toThrow('No buffer was given for the gradient of weight');
});

test('linear keeps the leading dimensions of x', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [2, 3, 8], randomArray(48, 1));
  const weight = input(memory, 'weight', [5, 8], randomArray(40, 2));
  const g = new Graph();
  expect(linear(g, x, weight).shape).toEqual([2, 3, 5]);
});

test('linear refuses shapes that do not fit', () => {
  const memory: Memory = new Map();
  const g = new Graph();
  const x = input(memory, 'x', [3, 8], randomArray(24, 1));
  const weight = input(memory, 'weight', [5, 8], randomArray(40, 2));
  const wide = input(memory, 'wide', [5, 12], randomArray(60, 2));
  const odd = input(memory, 'odd', [8, 6], randomArray(48, 2), 'f16');
  const vector = input(memory, 'vector', [8], randomArray(8, 2));
  expect(() => linear(g, x, wide)).toThrow(/expected \(5, 8\), got \(5, 12\)/);
  expect(() => linear(g, x, vector)).toThrow(/expected/);
  expect(() => linear(g, x, weight, vector)).toThrow(/linear bias: expected \(5\), got \(8\)/);
  expect(() => linear(g, x, weight, undefined, { residual: x })).toThrow(/residual: expected \(3, 5\), got \(3, 8\)/);
  expect(() => emitLinearBackward(g, [{ dy: x, weight: odd }], { K: 6, sum: undefined })).toThrow(
    /multiple of 4, got f16 \(8, 6\)/,
  );
  expect(() => emitLinearBackward(g, [{ dy: x, weight }], { K: 8, sum: undefined })).toThrow(
    /expected \(3, 5\), got \(3, 8\)/,
  );
  expect(g.steps).toHaveLength(0);
});
