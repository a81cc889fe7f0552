import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { type LoraBranch, loraAdd, loraLinears, loraMerge, loraMergeBias } from '../../../src/ops/lora/lora_linear';
import { loraRows } from '../../../src/ops/lora/lora_rows';
import { linear } from '../../../src/ops/products/linear';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

interface Sizes {
  readonly N: number;
  readonly K: number;
  readonly M: number;
  readonly R: number;
}

function layer(memory: Memory, { N, K, M, R }: Sizes, scale = 1.75) {
  return {
    x: input(memory, 'x', [N, K], randomArray(N * K, 1)),
    weight: input(memory, 'weight', [M, K], randomArray(M * K, 2)),
    bias: input(memory, 'bias', [M], randomArray(M, 3)),
    residual: input(memory, 'residual', [N, M], randomArray(N * M, 4)),
    A: input(memory, 'A', [R, K], randomArray(R * K, 5)),
    B: input(memory, 'B', [M, R], randomArray(M * R, 6)),
    biasOfB: input(memory, 'bias of B', [M, 1], randomArray(M, 7)),
    scale,
  };
}

function one(g: Graph, { x, weight, bias, residual, A, B, biasOfB, scale }: ReturnType<typeof layer>): Value {
  const low = { x, A, B, scale, bias: biasOfB };
  return loraLinears(g, x, [{ weight, bias, residual, low }])[0]!;
}

test.each([
  { N: 1, K: 1, M: 1, R: 1 },
  { N: 3, K: 5, M: 7, R: 6 },
])('lora_linear $N×$K→$M, r $R: central differences by all operands', (sizes) => {
  const memory: Memory = new Map();
  const operands = layer(memory, sizes);
  const { x, weight, bias, residual, A, B, biasOfB } = operands;
  const build = (g: Graph): Value => one(g, operands);
  expectGradient(build, memory, [x, A, B, biasOfB, residual], { tolerance: 1e-6 });
  expectGradient(build, memory, [A], { tolerance: 1e-6 });
  expectGradient(build, memory, [B, weight, bias], { tolerance: 1e-6 });
});

test('a second adapter adds to the first, with dropped inputs of its own', () => {
  const memory: Memory = new Map();
  const sizes = { N: 3, K: 5, M: 7, R: 6 };
  const operands = layer(memory, sizes);
  const dropped = input(memory, 'dropped', [3, 5], randomArray(15, 11));
  const second: LoraBranch = {
    x: dropped,
    A: input(memory, 'A2', [2, 5], randomArray(10, 12)),
    B: input(memory, 'B2', [7, 2], randomArray(14, 13)),
    bias: input(memory, 'bias 2', [7, 1], randomArray(7, 14)),
    scale: -0.5,
  };
  const build = (g: Graph): Value => loraAdd(g, one(g, operands), second);
  const { x, A, B } = operands;
  expectGradient(build, memory, [x, A, B, dropped, second.A, second.B, second.bias!], { tolerance: 1e-6 });
});

/**
 * Builds three layers with one input, like q, k and v; the second has no adapter. The result of each passes through a
 * further layer, and the final results are added.
 */
function three() {
  const memory: Memory = new Map();
  const [N, K, R] = [3, 8, 4];
  const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
  const layers = [4, 8, 12].map((M, i) => ({
    weight: input(memory, `weight ${i}`, [M, K], randomArray(M * K, 10 + i)),
    A: input(memory, `A ${i}`, [R, K], randomArray(R * K, 20 + i)),
    B: input(memory, `B ${i}`, [M, R], randomArray(M * R, 30 + i)),
    last: input(memory, `last ${i}`, [2, M], randomArray(2 * M, 40 + i)),
  }));
  const build = (g: Graph): Value => {
    const adapted = layers.map(({ weight, A, B }, i) => ({ weight, low: i === 1 ? undefined : { x, A, B, scale: 2 } }));
    const ys = loraLinears(g, x, adapted);
    const add = (residual: Value | undefined, y: Value, i: number): Value =>
      linear(g, y, layers[i]!.last, undefined, { residual });
    return ys.reduce<Value | undefined>(add, undefined)!;
  };
  return { memory, x, layers, build };
}

test('layers with one input: central differences, and one dispatch for the branches of all', () => {
  const { memory, x, layers, build } = three();
  const matrices = layers.flatMap(({ A, B }, i) => (i === 1 ? [] : [A, B]));
  expectGradient(build, memory, [x, ...matrices], { tolerance: 1e-6 });
  const g = new Graph();
  for (const value of [x, ...matrices]) g.train(value);
  const y = build(g);
  const last = g.steps.length + layers.length;
  g.grad(y, pinned('dy', y.shape), new Map(matrices.map((value) => [value, pinned('grads', value.shape)])));
  const names = g.steps.slice(last).map(({ kernel }) => kernel.name);
  const each = ['linear_weight_backward', 'lora_product', 'linear_weight_backward'];
  expect(names.toSorted()).toEqual([...each, ...each, 'linear_backward', 'linear_backward'].toSorted());
});

test('the first adapted layer computes only the gradients of A and B', () => {
  const memory: Memory = new Map();
  const operands = layer(memory, { N: 3, K: 5, M: 7, R: 6 });
  const g = new Graph();
  const { x, weight, A, B, scale } = operands;
  g.train(A);
  g.train(B);
  const [y] = loraLinears(g, x, [{ weight, low: { x, A, B, scale } }]);
  const into = new Map([A, B].map((value) => [value, pinned('grads', value.shape)]));
  g.grad(y!, pinned('dy', y!.shape), into);
  expect(g.steps.map(({ kernel }) => kernel.name)).toEqual([
    'lora_down',
    'lora_linear',
    'linear_weight_backward',
    'lora_product',
    'linear_weight_backward',
  ]);
});

test('a merged layer gives the result of the layer with its branch', () => {
  const memory: Memory = new Map();
  const { residual, ...operands } = layer(memory, { N: 3, K: 5, M: 7, R: 6 });
  const { x, weight, bias, A, B, biasOfB, scale } = operands;
  const merged = input(memory, 'merged', [7, 5], Float64Array.from(memory.get(weight)!));
  const mergedBias = input(memory, 'merged bias', [7], Float64Array.from(memory.get(bias)!));
  const g = new Graph();
  const [y] = loraLinears(g, x, [{ weight, bias, low: { x, A, B, bias: biasOfB, scale } }]);
  loraMerge(g, { A, B, scale }, merged);
  loraMergeBias(g, { bias: biasOfB, scale }, mergedBias);
  const z = linear(g, x, merged, mergedBias);
  runReference(g.steps, memory);
  memory.get(y!)!.forEach((value, index) => {
    expect(memory.get(z)![index]).toBeCloseTo(value, 12);
  });
});

test('lora_rows keeps the rows of one adapter', () => {
  const memory: Memory = new Map();
  const u = input(memory, 'u', [6, 3], randomArray(18, 1));
  const which = input(memory, 'which', [3], Float64Array.of(1, 0, 1), 'u32');
  const g = new Graph();
  const v = loraRows(g, u, { which, adapter: 1, T: 2 }, 3);
  runReference(g.steps, memory);
  const [given, kept] = [memory.get(u)!, memory.get(v)!];
  expect([...kept]).toEqual([...given].map((value, index) => (index < 6 || index >= 12 ? 3 * value : 0)));
});

test('refuses what does not fit', () => {
  const memory: Memory = new Map();
  const { x, weight, A, B, scale } = layer(memory, { N: 3, K: 5, M: 7, R: 6 });
  const g = new Graph();
  const narrow = input(memory, 'narrow', [6, 4], randomArray(24, 8));
  expect(() => loraLinears(g, x, [{ weight, low: { x, A: narrow, B, scale } }])).toThrow(/lora_down A/);
  expect(() => loraLinears(g, x, [{ weight, low: { x, A, B: narrow, scale } }])).toThrow(/lora_down B/);
  expect(() => loraMerge(g, { A, B, scale }, x)).toThrow(/lora_product into/);
  expect(g.steps).toHaveLength(0);
});
