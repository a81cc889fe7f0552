import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { gelu } from '../../../src/ops/activations/gelu';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import { normalCdf, normalDensity } from '../../reference/normal';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, F: 1, scale: 1 },
  { N: 5, F: 123, scale: 8 },
  { N: 64, F: 3072, scale: 4 },
  // The square of such numbers overflows f32.
  { N: 2, F: 9, scale: 1e25 },
])('gelu N=$N F=$F scale=$scale', async ({ N, F, scale }) => {
  const memory: Memory = new Map();
  const values = (name: string, seed: number, by = 1) => input(memory, name, [N, F], randomArray(N * F, seed, by));
  const x = values('x', 1, scale);
  const g = new Graph();
  g.train(x);
  const y = gelu(g, x);
  const dy = values('dy', 2);
  const alone = g.grad(y, dy, new Map()).get(x);
  const added = g.grad(y, dy, new Map([[x, values('earlier', 3)]])).get(x);
  // WGSL's exp(−x²/2) has an error of 3 + x² ULP, which matters most where |x| is 1 or 2.
  await expectGpuEqualsReference(g, memory, [y, alone as Value, added as Value], 5e-7);
});

/** Computes GELU's y and dx for x = `numbers` on the GPU, with dy = 1. */
async function geluAt(numbers: Float64Array): Promise<readonly [y: Float64Array, dx: Float64Array]> {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [numbers.length], numbers);
  const g = new Graph();
  g.train(x);
  const y = gelu(g, x);
  const dy = input(memory, 'dy', [numbers.length], new Float64Array(numbers.length).fill(1));
  const dx = g.grad(y, dy, new Map()).get(x) as Value;
  const results = await runOnGpu(g.steps, memory, [y, dx]);
  return [results.get(y) as Float64Array, results.get(dx) as Float64Array];
}

/** Returns numbers of both signs: from 0 to 20 in small steps, and of all magnitudes of normal f32. */
function grid(): Float64Array {
  const even = Array.from({ length: 200_001 }, (_, i) => i / 10_000);
  const magnitudes = Array.from({ length: 20_001 }, (_, i) => 10 ** (-37 + (75 * i) / 20_000));
  return Float64Array.from([...even, ...magnitudes].flatMap((x) => [Math.fround(x), Math.fround(-x)]));
}

test('gelu: as exact as f32 allows, whatever x', async () => {
  const numbers = grid();
  const [y, dx] = await geluAt(numbers);
  let [worst, worstSlope] = [0, 0];
  numbers.forEach((x, i) => {
    const cdf = normalCdf(x);
    if (x !== 0) worst = Math.max(worst, Math.abs(y[i]! / x - cdf));
    worstSlope = Math.max(worstSlope, Math.abs(dx[i]! - cdf - x * normalDensity(x)));
  });
  // Φ is rounded by at most 3e-8, and its product with x by at most 6e-8 of its size.
  expect(worst).toBeLessThan(1.5e-7);
  expect(worstSlope).toBeLessThan(2e-7);
});

test('gelu: non-finite results are those of torch', async () => {
  const [y, dx] = await geluAt(Float64Array.of(Number.NaN, Infinity, -Infinity, 0, -0));
  expect([...y]).toEqual([Number.NaN, Infinity, Number.NaN, 0, -0]);
  expect([...dx]).toEqual([Number.NaN, Number.NaN, Number.NaN, 0.5, 0.5]);
});
