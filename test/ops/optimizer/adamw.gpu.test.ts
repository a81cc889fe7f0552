import { describe, expect, test } from 'vitest';
import { numel } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import type { LoadedProgram } from '../../../src/graph/runner';
import { pinned, type Value } from '../../../src/graph/value';
import { type AdamWOptions, adamw, gradNorm } from '../../../src/ops/optimizer/adamw';
import { testExecutor } from '../../helpers/gpu/on_gpu';
import { ADAMW_OPTIONS, adamwBlock, gradientsOf, HandAdamW } from '../../helpers/maths/hand_adamw';
import { randomArray } from '../../helpers/maths/random';
import { floatOf, STATS, wordOf } from '../../reference/rows/words';

const STATE = ['parameters', 'm', 'v', 'grads'] as const;
type Pooled = (typeof STATE)[number];
type Pool = Readonly<Record<Pooled, Value>>;

/**
 * Runs AdamW on the GPU and holds its state. For each of `sizes`, there are buffers of so many parameters, moments and gradients (a
 * pool). Clipping uses the norm of all gradients together.
 */
class GpuAdamW {
  readonly P: number;
  readonly #pools: readonly Pool[];
  readonly #block = pinned('block', [8], 'u32');
  readonly #stats = pinned('stats', [12], 'u32');
  readonly #executor = testExecutor();
  #loaded: LoadedProgram | undefined;

  constructor(
    sizes: readonly number[],
    readonly options: AdamWOptions,
  ) {
    this.P = sizes.reduce((sum, size) => sum + size, 0);
    this.#pools = sizes.map((size) => {
      const of = (name: Pooled) => pinned(name, [size]);
      return { parameters: of('parameters'), m: of('m'), v: of('v'), grads: of('grads') };
    });
  }

  write(name: Pooled, numbers: Float64Array): void {
    let at = 0;
    for (const pool of this.#pools) {
      const size = numel(pool[name].shape);
      this.#executor.write(pool[name], Float32Array.from(numbers.subarray(at, at + size)));
      at += size;
    }
  }

  writeStats(words: readonly number[]): void {
    this.#executor.write(this.#stats, Uint32Array.from(words));
  }

  async step(step: number, gradients: Float64Array): Promise<void> {
    this.#loaded ??= await this.#load();
    this.write('grads', gradients);
    this.#executor.write(this.#block, Uint32Array.from(adamwBlock(step, this.options, 0.01)));
    this.#executor.run(this.#loaded);
  }

  async floats(name: Pooled): Promise<Float32Array> {
    const parts = this.#pools.map(async (pool) => {
      const floats = new Float32Array(await this.#executor.read(pool[name]));
      return [...floats.subarray(0, numel(pool[name].shape))];
    });
    return Float32Array.from((await Promise.all(parts)).flat());
  }

  async stats(): Promise<Uint32Array> {
    return new Uint32Array(await this.#executor.read(this.#stats)).slice(0, 4);
  }

  /** Returns the bytes of the parameters and moments in base64. */
  async state(): Promise<string> {
    const floats = await Promise.all((['parameters', 'm', 'v'] as const).map((name) => this.floats(name)));
    return floats.map(({ buffer }) => Buffer.from(buffer).toString('base64')).join('\n');
  }

  [Symbol.dispose](): void {
    this.#loaded?.release();
    this.#executor.free([...this.#pools.flatMap((pool) => Object.values(pool)), this.#block, this.#stats]);
  }

  #load(): Promise<LoadedProgram> {
    const g = new Graph();
    const partials = gradNorm(
      g,
      this.#pools.map(({ grads }) => grads),
    );
    for (const pool of this.#pools) {
      adamw(g, { ...pool, partials, block: this.#block, stats: this.#stats }, this.options);
    }
    expect(g.steps).toHaveLength((1 + (this.options.parts?.length ?? 1)) * this.#pools.length);
    return this.#executor.load({ name: 'optimizer', steps: g.steps, outputs: [] });
  }
}

test.each([
  { sizes: [1] },
  { sizes: [5] },
  { sizes: [1023] },
  { sizes: [70_000] },
  { sizes: [1, 1] },
  { sizes: [5, 1023, 64] },
  { sizes: [70_000, 3] },
  {
    sizes: [1023],
    parts: [
      { first: 0, end: 300, rate: 1 },
      { first: 304, end: 1023, rate: 0.25 },
    ],
  },
])('ten steps of AdamW over $sizes parameters, parts: $parts', async ({ sizes, parts }) => {
  const options = { ...ADAMW_OPTIONS, ...(parts && { parts }) };
  using gpu = new GpuAdamW(sizes, options);
  const { P } = gpu;
  const hand = new HandAdamW(randomArray(P, 1), options);
  gpu.write('parameters', hand.parameters);
  for (let step = 1; step <= 10; step++) {
    await gpu.step(step, gradientsOf(P, step));
    const norm = hand.step(step, gradientsOf(P, step), 0.01);
    const stats = await gpu.stats();
    // The norm is the root of a sum of P squares, which are added pairwise.
    expect(Math.abs(floatOf(stats[STATS.gradNorm]) / norm - 1)).toBeLessThan(1e-6);
    expect(stats[STATS.nonfinite]).toBe(0);
    expect(stats[STATS.step]).toBe(step);
  }
  const parameters = await gpu.floats('parameters');
  // Each step changes a parameter of at most about 1 by about 0.01, and rounds it once.
  const worst = hand.parameters.reduce((max, p, i) => Math.max(max, Math.abs(p - parameters[i]!)), 0);
  expect(worst).toBeLessThan(1e-6);
  const isUpdated = (i: number): boolean => parts?.some(({ first, end }) => i >= first && i < end) ?? true;
  expect((await gpu.floats('grads')).findIndex((gradient, i) => isUpdated(i) && gradient !== 0)).toBe(-1);
});

test('clipping divides by norm + 1e-6, as torch does', async () => {
  using gpu = new GpuAdamW([2], { ...ADAMW_OPTIONS, max_grad_norm: 1e-6 });
  await gpu.step(1, Float64Array.of(3e-6, 4e-6));
  // m = (1 − β₁) · gradient · 1e-6 / (5e-6 + 1e-6)
  expect((await gpu.floats('m'))[0]! / ((0.1 * 3e-6) / 6)).toBeCloseTo(1, 5);
});

test('no clipping with max_grad_norm 0', async () => {
  const options = { ...ADAMW_OPTIONS, max_grad_norm: 0 };
  using gpu = new GpuAdamW([5], options);
  await gpu.step(1, Float64Array.of(30, -40, 0, 0, 0));
  // With clipping to a norm of 1, this would be a fiftieth: the gradient's norm is 50.
  expect((await gpu.floats('m'))[0]).toBeCloseTo(3, 6);
  expect(floatOf((await gpu.stats())[STATS.gradNorm])).toBe(50);
});

const POOLS = [{ sizes: [1] }, { sizes: [1023] }, { sizes: [20_000] }, { sizes: [20_000, 5] }, { sizes: [5, 20_000] }];

describe.each(POOLS)('what is not finite leaves $sizes parameters bit for bit', ({ sizes }) => {
  test.each([
    { what: 'a NaN gradient', gradient: Number.NaN, loss: 1 },
    { what: 'an infinite gradient', gradient: Number.NEGATIVE_INFINITY, loss: 1 },
    { what: 'gradients whose norm overflows', gradient: 3e38, loss: 1 },
    { what: 'a NaN loss', gradient: 1, loss: Number.NaN },
    { what: 'an infinite loss', gradient: 1, loss: Number.POSITIVE_INFINITY },
  ])('$what', async ({ gradient, loss }) => {
    using gpu = new GpuAdamW(sizes, ADAMW_OPTIONS);
    const { P } = gpu;
    gpu.write('parameters', randomArray(P, 1));
    await gpu.step(1, gradientsOf(P, 1));
    const before = await gpu.state();

    const bad = gradientsOf(P, 2);
    bad[P - 1] = gradient;
    gpu.writeStats([wordOf(loss), 0, 0, 1]);
    await gpu.step(2, bad);
    expect(await gpu.state()).toEqual(before);
    expect(await gpu.floats('grads')).toEqual(new Float32Array(P));
    const stats = await gpu.stats();
    expect(stats[STATS.nonfinite]).toBe(1);
    expect(stats[STATS.step]).toBe(2);

    // Later queued steps do nothing either, until the host clears the flag.
    gpu.writeStats([wordOf(1), 0, 1, 2]);
    await gpu.step(3, gradientsOf(P, 3));
    expect(await gpu.state()).toEqual(before);
    expect((await gpu.stats())[STATS.nonfinite]).toBe(1);

    gpu.writeStats([wordOf(1), 0, 0, 3]);
    await gpu.step(4, gradientsOf(P, 4));
    expect(await gpu.state()).not.toEqual(before);
  });
});

test('pools whose norms are finite, but not that of both', async () => {
  using gpu = new GpuAdamW([1, 1], ADAMW_OPTIONS);
  await gpu.step(1, Float64Array.of(1, 2));
  const before = await gpu.state();
  // Each square is 2.25e38; their sum overflows float32, whose largest number is 3.4e38.
  await gpu.step(2, Float64Array.of(1.5e19, -1.5e19));
  expect(await gpu.state()).toEqual(before);
  expect((await gpu.stats())[STATS.nonfinite]).toBe(1);
  expect(await gpu.floats('grads')).toEqual(new Float32Array(2));
});

test('the same steps twice give the same bits', async () => {
  const run = async (): Promise<string> => {
    using gpu = new GpuAdamW([70_000, 1023], ADAMW_OPTIONS);
    gpu.write('parameters', randomArray(gpu.P, 1));
    for (let step = 1; step <= 3; step++) await gpu.step(step, gradientsOf(gpu.P, step));
    return gpu.state();
  };
  expect(await run()).toEqual(await run());
});
