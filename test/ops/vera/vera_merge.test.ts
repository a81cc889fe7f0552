import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { linear } from '../../../src/ops/products/linear';
import { veraDown } from '../../../src/ops/vera/vera';
import { differentiateMerge, type VeraMerge, veraMerge } from '../../../src/ops/vera/vera_merge';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { veraLinear } from '../../helpers/maths/vera_linear';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { N: 1, K: 1, M: 1, R: 1 },
  { N: 4, K: 5, M: 7, R: 6 },
])('a merged weight of $K→$M, r $R, does what the adapted layer does', ({ N, K, M, R }) => {
  const memory: Memory = new Map();
  const given = (name: string, shape: readonly [number, number], seed: number) =>
    input(memory, name, shape, randomArray(shape[0] * shape[1], seed));
  const x = given('x', [N, K], 1);
  const weight = given('weight', [M, K], 2);
  const A = given('A', [R, K + 3], 3);
  const B = given('B', [M + 2, R], 4);
  const lambda = input(memory, 'lambda', [32], randomArray(32, 5));
  const low = { B, lambda, offsetB: 4, offsetD: 20 };
  const into = input(memory, 'into', [M, K], randomArray(M * K, 6));
  const g = new Graph();
  veraMerge(g, { ...low, weight, A, K }, into);
  const merged = linear(g, x, into);
  const adapted = veraLinear(g, { ...low, x, u: veraDown(g, x, A), weight });
  runReference(g.steps, memory);
  memory.get(merged)!.forEach((v, i) => {
    expect(v).toBeCloseTo(memory.get(adapted)![i]!, 12);
  });
});

test.each([
  { N: 1, K: 1, M: 1, R: 1 },
  { N: 4, K: 5, M: 7, R: 6 },
  { N: 3, K: 4, M: 66, R: 65 },
])('$K→$M, r $R: central differences by x and the pool, through the whole gradient of the weight', (sizes) => {
  const { N, K, M, R } = sizes;
  const memory: Memory = new Map();
  const given = (name: string, shape: readonly [number, number], seed: number) =>
    input(memory, name, shape, randomArray(shape[0] * shape[1], seed));
  const x = given('x', [N, K], 1);
  const offsetD = 4 + Math.ceil(M / 4) * 4;
  const pool = offsetD + Math.ceil(R / 4) * 4;
  const lambda = input(memory, 'lambda', [pool], randomArray(pool, 5));
  const merge = { A: given('A', [R, K + 3], 3), B: given('B', [M + 2, R], 4), lambda, offsetB: 4, offsetD, K };
  const weight = given('weight', [M, K], 2);
  const into = input(memory, 'into', [M, K], randomArray(M * K, 6));
  const build = (g: Graph) => {
    veraMerge(g, { ...merge, weight }, into);
    differentiateMerge(g, merge, into);
    return linear(g, x, into);
  };
  expectGradient(build, memory, [x, lambda], { through: [into], tolerance: 1e-6 });
});

test('vera_merge refuses what does not fit', () => {
  const into = pinned('into', [7, 5]);
  const operands: VeraMerge = {
    weight: pinned('weight', [7, 5]),
    A: pinned('A', [6, 8]),
    B: pinned('B', [9, 6]),
    lambda: pinned('lambda', [16]),
    offsetB: 0,
    offsetD: 8,
    K: 5,
  };
  const g = new Graph();
  const merge = (changes: Partial<VeraMerge>, to = into) => veraMerge(g, { ...operands, ...changes }, to);
  expect(() => merge({}, pinned('into', [7, 4]))).toThrow('vera_merge into: expected (7, 5), got (7, 4)');
  expect(() => merge({ weight: pinned('weight', [5, 7]) })).toThrow('vera_merge weight: expected (7, 5), got (5, 7)');
  expect(() => merge({ A: pinned('A', [6, 4]) })).toThrow('vera_merge A: expected (6, 5), got (6, 4)');
  expect(() => merge({ B: pinned('B', [6, 6]) })).toThrow('vera_merge B: expected (7, 6), got (6, 6)');
  expect(() => merge({ A: pinned('A', [6, 8], 'f16') })).toThrow('vera_merge: expected A in f32, got f16');
  expect(() => merge({ offsetD: 6 })).toThrow(/at 6, a multiple of 4/);
  expect(() => merge({ offsetD: 12 })).toThrow(/a pool with 6 numbers at 12,/);
  expect(g.steps).toHaveLength(0);
});
