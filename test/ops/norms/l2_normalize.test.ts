import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { l2Normalize } from '../../../src/ops/norms/l2_normalize';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

interface Row {
  readonly situation: string;
  readonly eps: number;
  readonly x: readonly number[];
  readonly dy: readonly number[];
  readonly y: readonly number[];
  readonly dx: readonly number[];
}

const rows: readonly Row[] = JSON.parse(readFileSync('test/golden/l2_normalize.json', 'utf8')).rows;

test.each([
  { N: 1, C: 1, eps: 1e-12 },
  { N: 3, C: 7, eps: 1e-12 },
  { N: 3, C: 7, eps: 100 },
])('l2_normalize N=$N C=$C eps=$eps: central differences', ({ N, C, eps }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1));
  expectGradient((g) => l2Normalize(g, x, eps), memory, [x]);
});

test.each(rows)(
  'l2_normalize: values and gradient of torch for $situation',
  ({ eps, x: numbers, dy: gradients, y, dx }) => {
    const memory: Memory = new Map();
    const g = new Graph();
    const x = g.train(input(memory, 'x', [1, numbers.length], Float64Array.from(numbers)));
    const made = l2Normalize(g, x, eps);
    const dy = input(memory, 'dy', made.shape, Float64Array.from(gradients));
    const gradient = g.grad(made, dy, new Map()).get(x) as Value;
    runReference(g.steps, memory);
    // These are float64 sums of five numbers, and torch's order may differ.
    for (const [c, expected] of y.entries()) expect(memory.get(made)?.[c]).toBeCloseTo(expected, 14);
    for (const [c, expected] of dx.entries()) expect(memory.get(gradient)?.[c]).toBeCloseTo(expected, 14);
  },
);
