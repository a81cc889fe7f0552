import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import type { Value } from '../../src/graph/value';
import { softcap } from '../../src/ops/softcap';
import { expectGpuEqualsReference, input, runOnGpu } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import type { Memory } from '../reference/runner';

test.each([
  { N: 1, F: 1, cap: 1, scale: 1 },
  { N: 5, F: 123, cap: 2.5, scale: 8 },
  { N: 64, F: 3072, cap: 30, scale: 50 },
  // e^(2x) is no f32.
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
  // A few ULP, of exp where it weighs most and of 1 − t² near 0.
  await expectGpuEqualsReference(g, memory, [y, alone as Value, added as Value], 1e-6);
});

async function softcapOf(numbers: Float64Array, cap: number): Promise<Float64Array> {
  const memory: Memory = new Map();
  const g = new Graph();
  const y = softcap(g, input(memory, 'x', [numbers.length], numbers), cap);
  return (await runOnGpu(g.steps, memory, [y])).get(y) as Float64Array;
}

test('softcap: to a few ULP of itself, however small or large x', async () => {
  const even = Array.from({ length: 100_001 }, (_, i) => i / 1000);
  const magnitudes = Array.from({ length: 10_001 }, (_, i) => 10 ** (-36 + (74 * i) / 10_000));
  const numbers = Float64Array.from([...even, ...magnitudes].flatMap((x) => [Math.fround(x), Math.fround(-x)]));
  const y = await softcapOf(numbers, 30);
  let worst = 0;
  numbers.forEach((x, i) => {
    const expected = 30 * Math.tanh(x / 30);
    if (x !== 0) worst = Math.max(worst, Math.abs(y[i]! / expected - 1));
  });
  expect(worst).toBeLessThan(5e-7);
});

test('softcap: what is not finite is what it is in torch', async () => {
  const y = await softcapOf(Float64Array.of(Number.NaN, Infinity, -Infinity, 0), 30);
  expect([...y]).toEqual([Number.NaN, 30, -30, 0]);
});
