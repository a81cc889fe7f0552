import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { gelu } from '../../../src/ops/activations/gelu';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { normalCdf } from '../../reference/normal';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 3, F: 5 },
])('gelu N=$N F=$F: central differences', ({ N, F }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, F], randomArray(N * F, 1, 6));
  expectGradient((g) => gelu(g, x), memory, [x]);
});

test('gelu: known values', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [7], Float64Array.of(-40, -5, -1, 0, 1, 3, 40));
  const g = new Graph();
  const y = gelu(g, x);
  const values = runReference(g.steps, memory).get(y) as Float64Array;
  // The expected values are x · Φ(x), with Φ from tables: Φ(−5) = 2.866515718791939e−7, Φ(−1) = 0.15865525393145705,
  // Φ(3) = 0.9986501019683699.
  const expected = [0, -1.43325785939597e-6, -0.15865525393145705, 0, 0.8413447460685429, 2.99595030590511, 40];
  expected.forEach((value, index) => {
    expect(values[index], `of ${memory.get(x)?.[index]}`).toBeCloseTo(value, 14);
  });
});

test("the reference's two ways to Φ meet where one takes over from the other", () => {
  for (const x of [4, -4]) expect(Math.abs(normalCdf(x * (1 + 1e-12)) / normalCdf(x) - 1)).toBeLessThan(1e-10);
});
