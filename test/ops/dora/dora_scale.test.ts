import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { doraNorm } from '../../../src/ops/dora/dora_norm';
import { doraScale } from '../../../src/ops/dora/dora_scale';
import { loraLinears } from '../../../src/ops/lora/lora_linear';
import { mul } from '../../../src/ops/mul';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const POOL = 16;
const OFFSET = 4;

function inputs(N: number, C: number) {
  const memory: Memory = new Map();
  const given = (name: string, shape: readonly number[], seed: number): Value => {
    const size = shape.reduce((a, b) => a * b);
    return input(memory, name, shape, randomArray(size, seed));
  };
  const operands = {
    x: given('x', [N, C], 1),
    magnitude: { pool: given('pool', [POOL], 2), offset: OFFSET },
    norm: given('norm', [C], 3),
    bias: given('bias', [C], 4),
    residual: given('residual', [N, C], 5),
  };
  memory.get(operands.norm)!.forEach((value, at, all) => {
    all[at] = 0.5 + Math.abs(value);
  });
  return { memory, ...operands, pool: operands.magnitude.pool };
}

test.each([
  { N: 1, C: 1, less: 0 },
  { N: 3, C: 7, less: 1 },
  { N: 5, C: 8, less: 0 },
])('dora_scale N=$N C=$C less=$less: central differences by x, magnitudes, bias and residual', ({ N, C, less }) => {
  const { memory, x, pool, bias, residual, ...rest } = inputs(N, C);
  // A magnitude of zero proves that the backward pass doesn't compute x from the result, which would divide by zero.
  memory.get(pool)![OFFSET] = 0;
  const build = (g: Graph): Value => doraScale(g, x, { ...rest, bias, residual, less });
  for (const wrt of [[x], [pool], [bias], [residual], [x, pool], [x, pool, bias, residual]])
    expectGradient(build, memory, wrt);
  expectGradient((g) => doraScale(g, x, { ...rest, less }), memory, [x, pool]);
});

test('dora_scale: x with another use, and the magnitudes of two layers in one pool', () => {
  const { memory, x, pool, residual, norm } = inputs(3, 4);
  const build = (g: Graph): Value => {
    const once = doraScale(g, x, { magnitude: { pool, offset: OFFSET }, norm });
    return mul(g, doraScale(g, once, { magnitude: { pool, offset: 12 }, norm, residual }), x);
  };
  expectGradient(build, memory, [x, pool, residual]);
});

test('a layer with its norm held: central differences by its input, A, B and the magnitudes', () => {
  const { memory, x, pool, magnitude, norm } = inputs(3, 5);
  const weight = input(memory, 'weight', [5, 5], randomArray(25, 11));
  const A = input(memory, 'A', [2, 5], randomArray(10, 12));
  const B = input(memory, 'B', [5, 2], randomArray(10, 13));
  const build = (g: Graph): Value => {
    const [t] = loraLinears(g, x, [{ weight, low: { x, A, B, scale: 1.75 } }]);
    return doraScale(g, t!, { magnitude, norm });
  };
  expectGradient(build, memory, [x, A, B, pool], { tolerance: 1e-6 });
});

test('the norm counts as a constant: neither the weight nor its change gets a gradient by it', () => {
  const [weight, A, B] = [pinned('weight', [7, 5]), pinned('A', [2, 5]), pinned('B', [7, 2])];
  const g = new Graph();
  for (const value of [A, B]) g.train(value);
  expect(g.trains(doraNorm(g, weight, { A, B, scale: 2 }))).toBe(false);
});

test('dora_norm: the lengths of rows, with a change and without', () => {
  const memory: Memory = new Map();
  const weight = input(memory, 'weight', [2, 3], Float64Array.of(2, 0, 0, 0, 3, 4));
  const A = input(memory, 'A', [1, 3], Float64Array.of(0, 1, 0));
  const B = input(memory, 'B', [2, 1], Float64Array.of(3, -2));
  const g = new Graph();
  const [plain, changed] = [doraNorm(g, weight), doraNorm(g, weight, { A, B, scale: 0.5 })];
  runReference(g.steps, memory);
  expect([...memory.get(plain)!]).toEqual([2, 5]);
  expect([...memory.get(changed)!]).toEqual([2.5, Math.sqrt(20)]);
});

test('dora_scale: magnitudes equal to the norm give x itself', () => {
  const { memory, x, magnitude, norm, pool } = inputs(3, 4);
  memory.get(pool)!.set(memory.get(norm)!, OFFSET);
  const g = new Graph();
  const y = doraScale(g, x, { magnitude, norm });
  expect(runReference(g.steps, memory).get(y)).toEqual(memory.get(x));
});

test('dora_scale: the gradients of x and the magnitudes take one dispatch, and what does not train takes none', () => {
  const { x, pool, bias, residual, magnitude, norm } = inputs(3, 8);
  const kernels = (trained: readonly Value[]): string[] => {
    const g = new Graph();
    for (const value of trained) g.train(value);
    const y = doraScale(g, x, { magnitude, norm, bias, residual });
    const forward = g.steps.length;
    g.grad(y, pinned('dy', [3, 8]), new Map(trained.map((value) => [value, pinned('grads', value.shape)])));
    return g.steps.slice(forward).map(({ kernel }) => kernel.name);
  };
  expect(kernels([x, pool])).toEqual(['dora_scale_backward']);
  expect(kernels([pool])).toEqual(['dora_scale_backward']);
  expect(kernels([x])).toEqual(['dora_scale']);
  expect(kernels([bias])).toEqual(['column_sum']);
});

test('refuses what does not fit', () => {
  const { x, magnitude, norm, bias } = inputs(3, 8);
  const g = new Graph();
  const wide = pinned('wide', [9]);
  expect(() => doraScale(g, x, { magnitude: { ...magnitude, offset: 6 }, norm })).toThrow(/a pool with 8 numbers/);
  expect(() => doraScale(g, x, { magnitude, norm: wide })).toThrow(/dora_scale norm/);
  expect(() => doraScale(g, x, { magnitude, norm, bias: wide })).toThrow(/dora_scale bias/);
  expect(() => doraScale(g, x, { magnitude, norm, residual: bias })).toThrow(/dora_scale residual/);
  const [weight, A, B] = [pinned('weight', [7, 5]), pinned('A', [2, 4]), pinned('B', [7, 2])];
  expect(() => doraNorm(g, weight, { A, B, scale: 1 })).toThrow(/dora_norm A/);
  const half = { A: pinned('A', [2, 5], 'f16'), B, scale: 1 };
  expect(() => doraNorm(g, weight, half)).toThrow(/dora_norm: expected A in f32, got f16/);
  expect(g.steps).toHaveLength(0);
});
