import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { linear } from '../../../src/ops/products/linear';
import { emitProjection, veraAdd, veraDown, veraLinears } from '../../../src/ops/vera/vera';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type VeraLinear, veraLinear } from '../../helpers/maths/vera_linear';
import { type Memory, runReference } from '../../reference/runner';

interface Sizes {
  readonly N: number;
  readonly K: number;
  readonly M: number;
  readonly R: number;
}

/** Creates a layer, and a buffer (pool) with its λ_b, then λ_d at the next multiple of 4. A and B are larger than the layer needs. */
function layer(memory: Memory, { N, K, M, R }: Sizes) {
  const offsetB = 4;
  const offsetD = 4 + Math.ceil(M / 4) * 4;
  const pool = offsetD + Math.ceil(R / 4) * 4;
  return {
    x: input(memory, 'x', [N, K], randomArray(N * K, 1)),
    weight: input(memory, 'weight', [M, K], randomArray(M * K, 2)),
    bias: input(memory, 'bias', [M], randomArray(M, 3)),
    A: input(memory, 'A', [R, K + 2], randomArray(R * (K + 2), 4)),
    B: input(memory, 'B', [M + 3, R], randomArray((M + 3) * R, 5)),
    lambda: input(memory, 'lambda', [pool], randomArray(pool, 6)),
    offsetB,
    offsetD,
  };
}

test.each([
  { N: 1, K: 1, M: 1, R: 1 },
  { N: 3, K: 5, M: 7, R: 6 },
])('vera_linear $N×$K→$M, r $R: central differences by x and the pool', (sizes) => {
  const memory: Memory = new Map();
  const { A, ...operands } = layer(memory, sizes);
  const build = (g: Graph): Value => veraLinear(g, { ...operands, u: veraDown(g, operands.x, A) });
  expectGradient(build, memory, [operands.x, operands.lambda], { tolerance: 1e-6 });
  expectGradient(build, memory, [operands.lambda], { tolerance: 1e-6 });
  const { x, lambda, weight, bias } = operands;
  expectGradient(build, memory, [x, lambda, weight, bias], { tolerance: 1e-6 });
  const bare = (g: Graph): Value => veraLinear(g, { ...operands, bias: undefined, u: veraDown(g, x, A) });
  expectGradient(bare, memory, [weight], { tolerance: 1e-6 });
});

test('vera_add: central differences by y, x and both pools', () => {
  const memory: Memory = new Map();
  const { A, ...operands } = layer(memory, { N: 3, K: 5, M: 7, R: 6 });
  const second = input(memory, 'second', operands.lambda.shape, randomArray(operands.lambda.shape[0]!, 10));
  const build = (g: Graph): Value => {
    const u = veraDown(g, operands.x, A);
    const y = veraLinear(g, { ...operands, u });
    // Adapters with equal configurations share their projections.
    return veraAdd(g, y, { ...operands, u, lambda: second });
  };
  expectGradient(build, memory, [operands.x, operands.lambda, second], { tolerance: 1e-6 });
});

test('modules that share u add up its gradient', () => {
  const memory: Memory = new Map();
  const { A, ...operands } = layer(memory, { N: 3, K: 5, M: 4, R: 6 });
  const build = (g: Graph): Value => {
    const u = veraDown(g, operands.x, A);
    const first = veraLinear(g, { ...operands, u });
    const second = veraLinear(g, { ...operands, u, offsetB: operands.offsetB - 4, bias: undefined });
    // A third layer reads both results, one as its x and the other as its u, so no other op has to add them.
    return veraLinear(g, { ...operands, x: second, u: first, ...throughAgain });
  };
  const throughAgain = {
    weight: input(memory, 'w2', [2, 4], randomArray(8, 7)),
    B: input(memory, 'B2', [2, 4], randomArray(8, 8)),
    bias: undefined,
    offsetD: 0,
  };
  expectGradient(build, memory, [operands.x, operands.lambda], { tolerance: 1e-6 });
});

describe('at λ_b = 0', () => {
  test('u and λ_d receive zeros, λ_b does not', () => {
    const memory: Memory = new Map();
    const sizes = { N: 3, K: 5, M: 7, R: 6 };
    const { A, ...operands } = layer(memory, sizes);
    memory.get(operands.lambda)!.fill(0, operands.offsetB, operands.offsetB + sizes.M);
    const g = new Graph();
    g.train(operands.lambda);
    g.train(operands.x);
    const u = veraDown(g, operands.x, A);
    const y = veraLinear(g, { ...operands, u });
    const dy = input(memory, 'dy', y.shape, randomArray(21, 9));
    const grads = pinned('grads', operands.lambda.shape);
    const gradients = g.grad(y, dy, new Map([[operands.lambda, grads]]));
    runReference(g.steps, memory);
    const dLambda = memory.get(grads)!;
    expect(memory.get(gradients.get(u)!)!.every((v) => v === 0)).toBe(true);
    expect(dLambda.subarray(operands.offsetD).every((v) => v === 0)).toBe(true);
    expect(dLambda.subarray(operands.offsetB, operands.offsetB + sizes.M).every((v) => v !== 0)).toBe(true);
  });
});

test('the first adapted layer makes the gradient of its pool alone', () => {
  const memory: Memory = new Map();
  const { A, ...operands } = layer(memory, { N: 3, K: 5, M: 7, R: 6 });
  const g = new Graph();
  g.train(operands.lambda);
  const y = veraLinear(g, { ...operands, u: veraDown(g, operands.x, A) });
  const dy = input(memory, 'dy', y.shape, randomArray(21, 9));
  g.grad(y, dy, new Map([[operands.lambda, pinned('grads', operands.lambda.shape)]]));
  expect(g.steps.map(({ kernel }) => kernel.name)).toEqual([
    'linear',
    'vera_linear',
    'vera_lambda_backward',
    'vera_lambda_reduce',
  ]);
});

describe('layers with one input', () => {
  /**
   * Builds four layers with one input: three like q, k and v, and one without an adapter. The result of each passes
   * through a further layer, and the final results are added.
   */
  function four(sizes: readonly number[] = [5, 3, 7, 6]) {
    const memory: Memory = new Map();
    const [N, K, R] = [3, 8, 6];
    const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
    const A = input(memory, 'A', [R, K], randomArray(R * K, 2));
    const B = input(memory, 'B', [12, R], randomArray(12 * R, 3));
    const lambda = input(memory, 'lambda', [64], randomArray(64, 4));
    const second = input(memory, 'second', [64], randomArray(64, 5));
    const layers = sizes.map((M, i) => ({
      weight: input(memory, `weight ${i}`, [M, K], randomArray(M * K, 10 + i)),
      bias: input(memory, `bias ${i}`, [M], randomArray(M, 20 + i)),
      last: input(memory, `last ${i}`, [2, M], randomArray(2 * M, 30 + i)),
    }));
    const build = (g: Graph, pools: readonly Value[] = [lambda, lambda, lambda]): Value => {
      const projection = emitProjection(g, x, A);
      const { u } = projection;
      const low = (pool: Value, i: number) => ({ u, B, lambda: pool, offsetB: 20 * i, offsetD: 20 * i + 12 });
      const ys = veraLinears(
        g,
        x,
        layers.map((layer, i) => ({ ...layer, low: pools[i] && low(pools[i], i) })),
        projection,
      );
      return ys.reduce<Value | undefined>(
        (residual, y, i) => linear(g, y, layers[i]!.last, undefined, { residual }),
        undefined,
      )!;
    };
    const backward = (pools: readonly Value[] = [lambda, lambda, lambda]): string[] => {
      const g = new Graph();
      for (const value of [x, ...pools]) g.train(value);
      const y = build(g, pools);
      const last = g.steps.length + layers.length;
      g.grad(y, pinned('dy', y.shape), new Map(pools.map((pool) => [pool, pinned('grads', pool.shape)])));
      return g.steps.slice(last).map(({ kernel }) => kernel.name);
    };
    return { memory, x, lambda, second, layers, build, backward };
  }

  test('central differences by the input, the pools, weights and biases', () => {
    const { memory, x, lambda, second, layers, build } = four();
    expectGradient(build, memory, [x, lambda], { tolerance: 1e-6 });
    expectGradient(build, memory, [lambda], { tolerance: 1e-6 });
    const trained = [lambda, second, layers[1]!.weight, layers[3]!.bias];
    expectGradient((g) => build(g, [lambda, second, lambda]), memory, trained, { tolerance: 1e-6 });
  });

  test('share what they can of their backward passes', () => {
    const shared = ['vera_up_backward', 'vera_lambda_backward'];
    const { lambda, second, backward } = four([5, 3, 7, 5]);
    // For the gradient with respect to x, A and three weights share a dispatch; the fourth weight has its own.
    const byInput = ['linear_backward', 'vera_linear_backward'];
    expect(backward().toSorted()).toEqual([...byInput, ...shared, 'vera_lambda_reduce'].toSorted());
    // The second layer's λ is in another buffer (pool), so its gradients have dispatches of their own. The gradient with respect
    // to x still takes two dispatches.
    const reduced = ['vera_lambda_reduce', 'vera_lambda_reduce'];
    expect(backward([lambda, second, lambda]).toSorted()).toEqual(
      [...byInput, ...shared, ...shared, ...reduced].toSorted(),
    );
  });
});

test('a residual is added, and gets the gradient as it is', () => {
  const memory: Memory = new Map();
  const { A, ...operands } = layer(memory, { N: 3, K: 5, M: 7, R: 6 });
  const residual = input(memory, 'residual', [3, 7], randomArray(21, 11));
  const build = (g: Graph): Value => veraLinear(g, { ...operands, residual, u: veraDown(g, operands.x, A) });
  expectGradient(build, memory, [residual, operands.x, operands.lambda], { tolerance: 1e-6 });
});

describe('the partial sums of a backward pass', () => {
  /** Creates a chain of layers of one width, whose λ are in one buffer. `offsets` has the offsets of λ_b and λ_d for each layer. */
  function chain(memory: Memory, offsets: readonly (readonly [number, number])[], size = 64) {
    const [N, C, R] = [3, 8, 4];
    const lambda = input(memory, 'lambda', [size], randomArray(size, 1));
    const x = input(memory, 'x', [N, C], randomArray(N * C, 2));
    const A = input(memory, 'A', [R, C], randomArray(R * C, 3));
    const B = input(memory, 'B', [C, R], randomArray(C * R, 4));
    const weight = input(memory, 'weight', [C, C], randomArray(C * C, 5));
    const build = (g: Graph): Value =>
      offsets.reduce<Value>(
        (value, [offsetB, offsetD]) =>
          veraLinear(g, { x: value, u: veraDown(g, value, A), weight, B, lambda, offsetB, offsetD }),
        x,
      );
    const reductions = (): number => {
      const g = new Graph();
      g.train(lambda);
      const y = build(g);
      g.grad(y, pinned('dy', y.shape), new Map([[lambda, pinned('grads', lambda.shape)]]));
      return g.steps.filter(({ kernel }) => kernel.name === 'vera_lambda_reduce').length;
    };
    return { build, lambda, reductions };
  }

  test('are added up by one dispatch', () => {
    const memory: Memory = new Map();
    const places = [
      [0, 8],
      [12, 20],
      [40, 32],
    ] as const;
    const { build, lambda, reductions } = chain(memory, places);
    expect(reductions()).toBe(1);
    expectGradient(build, memory, [lambda], { tolerance: 1e-6 });
  });

  test('of vectors that overlap are added up one after the other', () => {
    const memory: Memory = new Map();
    const places = [
      [0, 8],
      [20, 12],
      [4, 8],
      [32, 28],
    ] as const;
    const { build, lambda, reductions } = chain(memory, places);
    expect(reductions()).toBe(2);
    expectGradient(build, memory, [lambda], { tolerance: 1e-6 });
  });

  test('never take more than 32 MiB at a time', () => {
    const g = new Graph();
    const lambda = g.train(pinned('lambda', [4 * 2 ** 20]));
    const [M, R] = [32768, 1024];
    const x = pinned('x', [1, 4]);
    const shared = { x, u: pinned('u', [1, R]), weight: pinned('weight', [M, 4]), B: pinned('B', [M, R]), lambda };
    let y = veraLinear(g, { ...shared, offsetB: 0, offsetD: M });
    for (let i = 1; i < 3; i++) y = veraAdd(g, y, { ...shared, offsetB: 2 * M * i, offsetD: 2 * M * i + M });
    g.grad(y, pinned('dy', [1, M]), new Map([[lambda, pinned('grads', lambda.shape)]]));
    const sizes = g.steps.flatMap(({ kernel, params }) => (kernel.name === 'vera_lambda_reduce' ? [params.size] : []));
    expect(sizes).toEqual([2 ** 23, 2 ** 22]);
  });
});

test('vera_linear refuses what does not fit', () => {
  const memory: Memory = new Map();
  const g = new Graph();
  const { A, ...rest } = layer(memory, { N: 3, K: 5, M: 7, R: 6 });
  const operands: VeraLinear = { ...rest, u: input(memory, 'u', [3, 6], randomArray(18, 7)) };
  const small = input(memory, 'small', [6, 6], randomArray(36, 8));
  const narrow = input(memory, 'narrow', [6, 4], randomArray(24, 8));
  expect(() => veraLinear(g, { ...operands, B: small })).toThrow(/vera_linear B: expected \(7, 6\), got \(6, 6\)/);
  expect(() => veraLinear(g, { ...operands, u: A })).toThrow(/vera_linear u/);
  expect(() => veraLinear(g, { ...operands, offsetB: 2 })).toThrow(/at 2, a multiple of 4/);
  expect(() => veraLinear(g, { ...operands, offsetD: operands.offsetD + 4 })).toThrow(/a pool with 6 numbers at 16,/);
  expect(() => veraDown(g, operands.x, narrow)).toThrow(/expected a matrix with 5 columns/);
  expect(g.steps).toHaveLength(0);
});
