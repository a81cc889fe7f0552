import { test } from 'vitest';
import { silu } from '../../src/ops/silu';
import { expectGradient } from '../helpers/gradient';
import { input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import type { Memory } from '../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 3, F: 5 },
])('silu N=$N F=$F: central differences', ({ N, F }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, F], randomArray(N * F, 1, 3));
  expectGradient((g) => silu(g, x), memory, [x]);
});
