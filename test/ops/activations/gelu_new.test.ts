import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { geluNew } from '../../../src/ops/activations/gelu_new';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 3, F: 5 },
])('gelu_new N=$N F=$F: central differences', ({ N, F }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, F], randomArray(N * F, 1, 3));
  expectGradient((g) => geluNew(g, x), memory, [x]);
});

test('gelu_new: known values', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [5], Float64Array.of(-30, -1, 0, 1, 30));
  const g = new Graph();
  const y = geluNew(g, x);
  const values = runReference(g.steps, memory).get(y) as Float64Array;
  // Computed by hand: tanh(√(2/π) · 1.044715) = 0.6823839811, then ½(1 + 0.6823839811) and ½(1 − 0.6823839811).
  [0, -0.1588080094, 0, 0.8411919906, 30].forEach((expected, index) => {
    expect(values[index], `of ${memory.get(x)?.[index]}`).toBeCloseTo(expected, 9);
  });
});
