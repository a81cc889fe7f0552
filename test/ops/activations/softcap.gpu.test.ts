import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { softcap } from '../../../src/ops/activations/softcap';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, F: 1, cap: 1, scale: 1 },
  { N: 5, F: 123, cap: 2.5, scale: 8 },
  { N: 64, F: 3072, cap: 30, scale: 50 },
  // e^(2x) overflows f32.
  { N: 2, F: 9, cap: 50, scale: 1e30 },
])('softcap N=$N F=$F cap=$cap scale=$scale', async ({ N, F, cap, scale }) => {
  const memory: Memory = new Map();
  const values = (name: string, seed: number, by = 1) => input(memory, name, [N, F], randomArray(N * F, seed, by));
  const x = values('x', 1, scale);
  const g = new Graph();
  g.train(x);
  const y = softcap(g, x, cap);
  const dy = values('dy', 2);
  const alone = g.grad(y, dy, new Map()).get(x);
  const added = g.grad(y, dy, new Map([[x, values('earlier', 3)]])).get(x);
  // The errors are a few ULP: that of exp where it matters most, and that of 1 − t² where t² is near 1.
  await expectGpuEqualsReference(g, memory, [y, alone as Value, added as Value], 1e-6);
});

/** Computes softcap of `numbers` on the GPU, and its gradient for dy = 1. */
async function softcapOf(numbers: Float64Array, cap: number): Promise<{ y: Float64Array; dx: Float64Array }> {
  const memory: Memory = new Map();
  const g = new Graph();
  const x = g.train(input(memory, 'x', [numbers.length], numbers));
  const y = softcap(g, x, cap);
  const dy = input(memory, 'dy', [numbers.length], new Float64Array(numbers.length).fill(1));
  const dx = g.grad(y, dy, new Map()).get(x) as Value;
  const results = await runOnGpu(g.steps, memory, [y, dx]);
  return { y: results.get(y) as Float64Array, dx: results.get(dx) as Float64Array };
}

/** Returns numbers of both signs: of magnitudes from 1e-36 to 1e38, and in even steps up to `most`. */
function numbersUpTo(most: number): Float64Array {
  const even = Array.from({ length: 100_001 }, (_, i) => (i * most) / 100_000);
  const magnitudes = Array.from({ length: 10_001 }, (_, i) => 10 ** (-36 + (74 * i) / 10_000));
  return Float64Array.from([...even, ...magnitudes].flatMap((x) => [Math.fround(x), Math.fround(-x)]));
}

test.each([
  { cap: 30, most: 100 },
  // With a cap of 1, softcap is torch's Tanh.
  { cap: 1, most: 12 },
])('softcap $cap: to a few ULP of itself, however small or large x', async ({ cap, most }) => {
  const numbers = numbersUpTo(most);
  const { y, dx } = await softcapOf(numbers, cap);
  const worst = { relative: 0, ofGradient: 0 };
  numbers.forEach((x, i) => {
    const expected = cap * Math.tanh(x / cap);
    if (x !== 0) worst.relative = Math.max(worst.relative, Math.abs(y[i]! / expected - 1));
    worst.ofGradient = Math.max(worst.ofGradient, Math.abs(dx[i]! - 1 / Math.cosh(x / cap) ** 2));
  });
  expect(worst.relative).toBeLessThan(5e-7);
  // t = tanh(x / cap) is rounded before it is subtracted from 1, so the error is relative to 1 and not to the gradient.
  expect(worst.ofGradient).toBeLessThan(5e-7);
});

test('softcap: non-finite results are those of torch', async () => {
  const { y, dx } = await softcapOf(Float64Array.of(Number.NaN, Infinity, -Infinity, 0), 30);
  expect([...y]).toEqual([Number.NaN, 30, -30, 0]);
  expect([...dx]).toEqual([Number.NaN, 0, 0, 1]);
});
