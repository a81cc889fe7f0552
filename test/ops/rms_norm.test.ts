import { expect, test } from 'vitest';
import { rmsNorm } from '../../src/ops/rms_norm';
import { expectGradient } from '../helpers/gradient';
import { input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import type { Memory } from '../reference/runner';

test.each([
  { N: 1, C: 1 },
  { N: 3, C: 7 },
])('rms_norm N=$N C=$C: central differences', ({ N, C }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1));
  const weight = input(memory, 'weight', [C], randomArray(C, 2));
  expectGradient((g) => rmsNorm(g, x, weight, 1e-5), memory, [x]);
  expect(memory.size).toBe(2);
});
