import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import type { LoadedProgram } from '../../src/graph/runner';
import { pinned, type Value } from '../../src/graph/value';
import { type AdamWOptions, adamw } from '../../src/ops/adamw';
import { gradNorm } from '../../src/ops/grad_norm';
import { ADAMW_OPTIONS, adamwBlock, gradientsOf, HandAdamW } from '../helpers/hand_adamw';
import { testExecutor } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import { floatOf, STATS, wordOf } from '../reference/words';

/** AdamW on the GPU over P parameters, with the state that survives a step. */
class GpuAdamW {
  readonly parameters: Value;
  readonly m: Value;
  readonly v: Value;
  readonly grads: Value;
  readonly block = pinned('block', [8], 'u32');
  readonly stats = pinned('stats', [8], 'u32');
  readonly #executor = testExecutor();
  #loaded: LoadedProgram | undefined;

  constructor(
    readonly P: number,
    readonly options: AdamWOptions,
  ) {
    this.parameters = pinned('parameters', [P]);
    this.m = pinned('m', [P]);
    this.v = pinned('v', [P]);
    this.grads = pinned('grads', [P]);
  }

  write(value: Value, numbers: ArrayLike<number>): void {
    this.#executor.write(value, value.dtype === 'u32' ? Uint32Array.from(numbers) : Float32Array.from(numbers));
  }

  async step(step: number, gradients: Float64Array): Promise<void> {
    this.#loaded ??= await this.#load();
    this.write(this.grads, gradients);
    this.write(this.block, adamwBlock(step, this.options, 0.01));
    this.#executor.run(this.#loaded);
  }

  async floats(value: Value): Promise<Float32Array> {
    return new Float32Array(await this.#executor.read(value)).slice(0, this.P);
  }

  async words(value: Value): Promise<Uint32Array> {
    return new Uint32Array(await this.#executor.read(value)).slice(0, value === this.stats ? 4 : this.P);
  }

  /** Parameters and moments, bit for bit. */
  async state(): Promise<string> {
    const words = await Promise.all([this.parameters, this.m, this.v].map((value) => this.words(value)));
    return words.map(({ buffer }) => Buffer.from(buffer).toString('base64')).join('\n');
  }

  [Symbol.dispose](): void {
    this.#loaded?.release();
    this.#executor.free([this.parameters, this.m, this.v, this.grads, this.block, this.stats]);
  }

  #load(): Promise<LoadedProgram> {
    const { parameters, m, v, grads, block, stats } = this;
    const g = new Graph();
    adamw(g, { parameters, m, v, grads, block, stats, partials: gradNorm(g, grads) }, this.options);
    return this.#executor.load({ name: 'optimizer', steps: g.steps, outputs: [] });
  }
}

test.each([1, 5, 1023, 70_000])('ten steps of AdamW over %i parameters', async (P) => {
  const hand = new HandAdamW(randomArray(P, 1), ADAMW_OPTIONS);
  using gpu = new GpuAdamW(P, ADAMW_OPTIONS);
  gpu.write(gpu.parameters, hand.parameters);
  for (let step = 1; step <= 10; step++) {
    await gpu.step(step, gradientsOf(P, step));
    const norm = hand.step(step, gradientsOf(P, step), 0.01);
    const stats = await gpu.words(gpu.stats);
    // A sum of P squares in a tree, then a root.
    expect(Math.abs(floatOf(stats[STATS.gradNorm]) / norm - 1)).toBeLessThan(1e-6);
    expect(stats[STATS.nonfinite]).toBe(0);
    expect(stats[STATS.step]).toBe(step);
  }
  const parameters = await gpu.floats(gpu.parameters);
  // Each step moves by about 0.01 and rounds once, at magnitude 1.
  const worst = hand.parameters.reduce((max, p, i) => Math.max(max, Math.abs(p - parameters[i]!)), 0);
  expect(worst).toBeLessThan(1e-6);
  expect(await gpu.floats(gpu.grads)).toEqual(new Float32Array(P));
});

test('clipping divides by norm + 1e-6, as torch does', async () => {
  using gpu = new GpuAdamW(2, { ...ADAMW_OPTIONS, max_grad_norm: 1e-6 });
  await gpu.step(1, Float64Array.of(3e-6, 4e-6));
  // m = (1 − β₁) · gradient · 1e-6 / (5e-6 + 1e-6)
  expect((await gpu.floats(gpu.m))[0]! / ((0.1 * 3e-6) / 6)).toBeCloseTo(1, 5);
});

test('no clipping with max_grad_norm 0', async () => {
  const options = { ...ADAMW_OPTIONS, max_grad_norm: 0 };
  using gpu = new GpuAdamW(5, options);
  await gpu.step(1, Float64Array.of(30, -40, 0, 0, 0));
  // A clipped gradient would have left a fiftieth of it.
  expect((await gpu.floats(gpu.m))[0]).toBeCloseTo(3, 6);
  expect(floatOf((await gpu.words(gpu.stats))[STATS.gradNorm])).toBe(50);
});

describe.each([1, 1023, 20_000])('what is not finite leaves %i parameters bit for bit', (P) => {
  test.each([
    { what: 'a NaN gradient', gradient: Number.NaN, loss: 1 },
    { what: 'an infinite gradient', gradient: Number.NEGATIVE_INFINITY, loss: 1 },
    { what: 'gradients whose norm overflows', gradient: 3e38, loss: 1 },
    { what: 'a NaN loss', gradient: 1, loss: Number.NaN },
    { what: 'an infinite loss', gradient: 1, loss: Number.POSITIVE_INFINITY },
  ])('$what', async ({ gradient, loss }) => {
    using gpu = new GpuAdamW(P, ADAMW_OPTIONS);
    gpu.write(gpu.parameters, randomArray(P, 1));
    await gpu.step(1, gradientsOf(P, 1));
    const before = await gpu.state();

    const bad = gradientsOf(P, 2);
    bad[P - 1] = gradient;
    gpu.write(gpu.stats, [wordOf(loss), 0, 0, 1]);
    await gpu.step(2, bad);
    expect(await gpu.state()).toEqual(before);
    expect(await gpu.floats(gpu.grads)).toEqual(new Float32Array(P));
    const stats = await gpu.words(gpu.stats);
    expect(stats[STATS.nonfinite]).toBe(1);
    expect(stats[STATS.step]).toBe(2);

    // The steps that were queued behind it do nothing either, until the host has cleared the flag.
    gpu.write(gpu.stats, [wordOf(1), 0, 1, 2]);
    await gpu.step(3, gradientsOf(P, 3));
    expect(await gpu.state()).toEqual(before);
    expect((await gpu.words(gpu.stats))[STATS.nonfinite]).toBe(1);

    gpu.write(gpu.stats, [wordOf(1), 0, 0, 3]);
    await gpu.step(4, gradientsOf(P, 4));
    expect(await gpu.state()).not.toEqual(before);
  });
});

test('the same steps twice give the same bits', async () => {
  const run = async (): Promise<string> => {
    using gpu = new GpuAdamW(70_000, ADAMW_OPTIONS);
    gpu.write(gpu.parameters, randomArray(70_000, 1));
    for (let step = 1; step <= 3; step++) await gpu.step(step, gradientsOf(70_000, step));
    return gpu.state();
  };
  expect(await run()).toEqual(await run());
});
