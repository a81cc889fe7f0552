import { test } from 'vitest';
import { quickGelu } from '../../../src/ops/activations/quick_gelu';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 3, F: 5 },
])('quick_gelu N=$N F=$F: central differences', ({ N, F }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, F], randomArray(N * F, 1, 3));
  expectGradient((g) => quickGelu(g, x), memory, [x]);
});
