import { expect, test } from 'vitest';
import { numel } from '../../src/core/numbers/shape';
import { Graph } from '../../src/graph/graph';
import type { DType, Value } from '../../src/graph/value';
import { veraDown } from '../../src/ops/vera/vera';
import { encode, input, runOnGpu, withVariants } from '../helpers/gpu/on_gpu';
import type { LowRankSizes } from '../helpers/gpu/product_sizes';
import { type Fill, integerArray, randomArray } from '../helpers/maths/random';
import { veraLinear } from '../helpers/maths/vera_linear';
import { coveringOfRing } from '../helpers/ring';
import type { Memory } from '../reference/runner';
import linear from './linear.comp?raw';
import { glslToWgsl, runTwin } from './twin';
import lambdaBBackward from './vera_lambda_b.comp?raw';
import lambdaDBackward from './vera_lambda_d.comp?raw';
import veraForward from './vera_linear.comp?raw';
import upBackward from './vera_up_backward.comp?raw';

interface Case extends LowRankSizes {
  readonly dtype?: DType;
}

const sources = { linear, veraForward, upBackward, lambdaBBackward, lambdaDBackward };
const [moreColumnsOfA, moreRowsOfB] = [4, 1];

/** Makes the inputs of both implementations. A and B are larger than this layer needs, like projections that several layers share. */
function inputs({ N, K, M, R, dtype = 'f32' }: Case, fill: Fill) {
  const memory: Memory = new Map();
  const make = (name: string, shape: readonly number[], type?: DType): Value =>
    input(memory, name, shape, fill(numel(shape), memory.size + 1), type);
  const offsetB = 4;
  const offsetD = 8 + Math.ceil(M / 4) * 4;
  const pool = offsetD + Math.ceil(R / 4) * 4 + 4;
  const values = {
    x: make('x', [N, K]),
    weight: make('weight', [M, K], dtype),
    bias: make('bias', [M]),
    A: make('A', [R, K + moreColumnsOfA]),
    B: make('B', [M + moreRowsOfB, R]),
    lambda: make('lambda', [pool]),
    dy: make('dy', [N, M]),
    earlierDu: make('earlier du', [N, R]),
    grads: make('grads', [pool]),
  };
  return { memory, values, offsetB, offsetD };
}
type Inputs = ReturnType<typeof inputs>;

/** The results that are compared: the forward pass with and without a bias, and VeRA's gradients. */
const names = ['u', 'y', 'bare', 'du', 'grads'] as const;
type Results = Readonly<Record<(typeof names)[number], ArrayLike<number>>>;

async function ours({ memory, values, offsetB, offsetD }: Inputs, variant = 'register'): Promise<Results> {
  const { x, weight, bias, A, B, lambda, dy, earlierDu, grads } = values;
  const g = new Graph();
  g.train(lambda);
  g.train(x);
  const u = veraDown(g, x, A);
  const y = veraLinear(g, { x, u, weight, bias, B, lambda, offsetB, offsetD });
  const bare = veraLinear(g, { x, u, weight, B, lambda, offsetB, offsetD });
  const before = [[lambda, grads] as const, [u, earlierDu] as const];
  const du = g.grad(y, dy, new Map(before)).get(u);
  if (du === undefined) throw new Error('u received no gradient');
  const read = await runOnGpu(g.steps, memory, [u, y, bare, du, grads], { variant });
  const of = (value: Value): Float64Array => read.get(value) as Float64Array;
  return { u: of(u), y: of(y), bare: of(bare), du: of(du), grads: of(grads) };
}

async function twins(
  { memory, values, offsetB, offsetD }: Inputs,
  { N, K, M, R }: Case,
  glsl = sources,
): Promise<Results> {
  const { weight, grads } = values;
  const of = (value: Value) => encode(value, memory.get(value) as Float64Array);
  const [x, bias, A, B, lambda] = [of(values.x), of(values.bias), of(values.A), of(values.B), of(values.lambda)];
  const [dy, earlierDu] = [of(values.dy), of(values.earlierDu)];
  const made = (length: number) => new Float32Array(length);

  const u = await runTwin({
    glsl: glsl.linear,
    sizes: [N, R, K, K + moreColumnsOfA],
    buffers: [x, A, made(N * R)],
    threads: N * R,
  });
  const forward = (biased: number) =>
    runTwin({
      glsl: glsl.veraForward,
      sizes: [N, M, K, R, offsetB, offsetD, Number(weight.dtype === 'f16'), biased],
      buffers: [x, u, of(weight), bias, B, lambda, made(N * M)],
      threads: N * M,
    });
  const sizes = [N, M, R, offsetB, offsetD];
  const du = await runTwin({
    glsl: glsl.upBackward,
    sizes,
    buffers: [dy, B, lambda, earlierDu, made(N * R)],
    threads: N * R,
  });
  const withB = await runTwin({
    glsl: glsl.lambdaBBackward,
    sizes,
    buffers: [dy, u, B, lambda, of(grads)],
    threads: M,
  });
  const withBoth = await runTwin({ glsl: glsl.lambdaDBackward, sizes, buffers: [dy, u, B, lambda, withB], threads: R });
  return { u, y: await forward(1), bare: await forward(0), du, grads: withBoth };
}

/** Returns the largest |a − b| relative to the largest |b|. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  const magnitude = Math.max(...Array.from(b, Math.abs));
  expect(magnitude).toBeGreaterThan(0);
  return Math.max(...Array.from(b, (value, i) => Math.abs((a[i] as number) - value))) / magnitude;
}

const small: Fill = (length, seed) => integerArray(length, seed, 2);

const VARIANTS = ['register', 'workgroup', 'subgroup'];
const coveringOf = (sizes: readonly Case[]) =>
  coveringOfRing(withVariants(VARIANTS, sizes), ({ variant, N, K }) => [variant, `${N}×${K}`], {
    test: ({ variant }) => variant !== 'workgroup',
    leaves: true,
  });

// Small whole numbers: every partial sum stays below 2²⁴, so f32 is exact in any order.
const whole = coveringOf([
  { N: 1, K: 1, M: 1, R: 1 },
  { N: 5, K: 3, M: 7, R: 5 },
  { N: 9, K: 8, M: 12, R: 4 },
  { N: 17, K: 20, M: 65, R: 123 },
  { N: 65, K: 66, M: 63, R: 64 },
  { N: 33, K: 68, M: 60, R: 32, dtype: 'f16' },
]);
test.each(whole)(
  'the VeRA kernels ($variant) and their GLSL twins, $N×$K→$M, r $R: the same whole numbers',
  async ({ variant, ...sizes }) => {
    const given = inputs(sizes, small);
    const [mine, twin] = [await ours(given, variant), await twins(given, sizes)];
    for (const name of names) expect(apart(mine[name], twin[name]), name).toBe(0);
  },
);

const random = coveringOf([
  { N: 64, K: 128, M: 192, R: 256 },
  { N: 37, K: 123, M: 101, R: 77 },
]);
test.each(random)(
  'the VeRA kernels ($variant) and their GLSL twins, $N×$K→$M, r $R: random numbers',
  async ({ variant, ...sizes }) => {
    const given = inputs(sizes, randomArray);
    const [mine, twin] = [await ours(given, variant), await twins(given, sizes)];
    // Both compute chains of two or three sums of up to 256 products. Each sum has a relative error of √256 · 2⁻²⁴;
    // the worst of many is 4 times that.
    for (const name of names) expect(apart(mine[name], twin[name]), name).toBeLessThanOrEqual(8e-6);
  },
);

test.each([
  ['linear', 'k < K', 'k + 1 < K', 'u'],
  ['veraForward', '(pool[lambda_d + j] * u[n * R + j])', 'u[n * R + j]', 'y'],
  ['veraForward', 'bias[m]', 'bias[0]', 'y'],
  ['upBackward', 'before[n * R + j]', 'before[0]', 'du'],
  ['lambdaBBackward', '+= sum;', '= sum;', 'grads'],
  ['lambdaDBackward', 'm < M', 'm + 1 < M', 'grads'],
] as const)('a mistake is found: %s with %s as "%s"', async (name, from, to, result) => {
  const sizes = { N: 5, K: 4, M: 6, R: 7 };
  const given = inputs(sizes, small);
  expect(sources[name]).toContain(from);
  const twin = await twins(given, sizes, { ...sources, [name]: sources[name].replace(from, to) });
  expect(apart((await ours(given))[result], twin[result])).toBeGreaterThan(0);
});

test('glslang reports the reason of a refusal', () => {
  expect(() => glslToWgsl(linear.replace('float sum', 'flaot sum'))).toThrow(/flaot.*undeclared identifier/);
});
