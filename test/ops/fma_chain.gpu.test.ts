import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { emitFmaChain } from '../../src/ops/fma_chain';
import { codeThrownBy } from '../helpers/bytes/safetensors_bytes';
import { expectGpuEqualsReference, input } from '../helpers/gpu/on_gpu';
import { integerArray, randomArray } from '../helpers/maths/random';
import type { Memory } from '../reference/runner';

test.each([
  { size: 16, rounds: 1, a: 1, b: 3 },
  { size: 1040, rounds: 7, a: -1, b: 5 },
  { size: 48, rounds: 3, a: 2, b: -1 },
  { size: 400_016, rounds: 0, a: 2, b: 1 },
])('fma_chain of $size whole numbers, $rounds rounds of $a · v + $b: exact', async ({ size, rounds, a, b }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [size], integerArray(size, 1));
  const g = new Graph();
  const y = emitFmaChain(g, x, { rounds, a, b });
  expect(g.steps[0]?.kernel.flops(g.steps[0].params)).toBe(2 * 4 * rounds * size);
  await expectGpuEqualsReference(g, memory, [y], 0);
});

test('fma_chain of fractions', async () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [4, 80], randomArray(320, 2));
  const g = new Graph();
  const y = emitFmaChain(g, x, { rounds: 4, a: Math.fround(0.9), b: Math.fround(0.1) });
  // Each of 16 steps rounds at most twice, and multiplies earlier errors by 0.9.
  await expectGpuEqualsReference(g, memory, [y], 2e-6, { floor: 0 });
});

test.each([
  ['15 elements', pinned('x', [15])],
  ['words', pinned('x', [16], 'u32')],
])('fma_chain refuses %s', (_what, x) => {
  expect(codeThrownBy(() => emitFmaChain(new Graph(), x, { rounds: 1, a: 1, b: 0 }))).toBe('invalid_argument');
});
