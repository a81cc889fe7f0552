import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { softcap } from '../../../src/ops/activations/softcap';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { N: 1, F: 1, cap: 1 },
  { N: 3, F: 5, cap: 2.5 },
])('softcap N=$N F=$F cap=$cap: central differences', ({ N, F, cap }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, F], randomArray(N * F, 1, 4));
  expectGradient((g) => softcap(g, x, cap), memory, [x]);
});

test('softcap: known values', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [5], Float64Array.of(-1e6, -30, 0, 15, 1e6));
  const g = new Graph();
  const y = softcap(g, x, 30);
  const values = runReference(g.steps, memory).get(y) as Float64Array;
  // tanh(1) = 0.7615941559557649, tanh(½) = 0.46211715726000973.
  [-30, -22.847824678672946, 0, 13.863514717800292, 30].forEach((expected, index) => {
    expect(values[index], `of ${memory.get(x)?.[index]}`).toBeCloseTo(expected, 12);
  });
});

test.each([0, -30, Number.NaN, Number.POSITIVE_INFINITY])('softcap refuses the cap %d', (cap) => {
  expect(() => softcap(new Graph(), pinned('x', [2, 3]), cap)).toThrow(
    `softcap cap: expected a positive number, got ${cap}`,
  );
});
