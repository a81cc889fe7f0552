import { test } from 'vitest';
import { silu } from '../../../src/ops/activations/silu';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 3, F: 5 },
  { N: 3, F: 5, slope: 1.702 },
])('silu N=$N F=$F slope=$slope: central differences', ({ N, F, slope }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, F], randomArray(N * F, 1, 3));
  expectGradient((g) => silu(g, x, slope), memory, [x]);
});
