import { describe, expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { emitAdd } from '../../../src/ops/add';
import { veraAdd, veraDown, veraLinears } from '../../../src/ops/vera/vera';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  input,
  isDefaultVariant,
  runOnGpu,
  TILES,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import type { LowRankSizes } from '../../helpers/gpu/product_sizes';
import { type Fill, integerArray, randomArray, weightArray } from '../../helpers/maths/random';
import { veraLinear } from '../../helpers/maths/vera_linear';
import { coveringOfRing, ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case extends LowRankSizes {
  readonly dtype?: StorageName;
}

/** One step through an adapted layer, with gradients that others gave before for x, u and the pool. */
function step({ N, K, M, R, dtype = 'f32' }: Case, fill: Fill) {
  const memory: Memory = new Map();
  const offsetB = 4;
  const offsetD = 8 + Math.ceil(M / 4) * 4;
  const pool = offsetD + Math.ceil(R / 4) * 4 + 4;
  const x = input(memory, 'x', [N, K], fill(N * K, 1));
  const stored = weightArray(M * K, 2, dtype, fill);
  const weight = input(memory, 'weight', [M, K], stored, dtype);
  const bias = input(memory, 'bias', [M], fill(M, 3));
  const A = input(memory, 'A', [R, K + 4], fill(R * (K + 4), 4));
  const B = input(memory, 'B', [M + 1, R], fill((M + 1) * R, 5));
  const lambda = input(memory, 'lambda', [pool], fill(pool, 6));
  const dy = input(memory, 'dy', [N, M], fill(N * M, 7));
  const grads = input(memory, 'grads', [pool], fill(pool, 8));
  const db = input(memory, 'db', [M], fill(M, 11));
  const g = new Graph();
  for (const value of [lambda, x, bias]) g.train(value);
  const u = veraDown(g, x, A);
  const y = veraLinear(g, { x, u, weight, bias, B, lambda, offsetB, offsetD });
  const bare = veraLinear(g, { x, u, weight, B, lambda, offsetB, offsetD });
  const twice = veraAdd(g, bare, { u, B, lambda, offsetB, offsetD });
  const earlier: [Value, Value][] = [
    [lambda, grads],
    [bias, db],
    [x, input(memory, 'earlier dx', [N, K], fill(N * K, 9))],
    [u, input(memory, 'earlier du', [N, R], fill(N * R, 10))],
  ];
  const gradients = g.grad(y, dy, new Map(earlier));
  const wanted = [u, y, bare, twice, grads, db, gradients.get(u), gradients.get(x)].filter(
    (value) => value !== undefined,
  );
  expect(wanted).toHaveLength(8);
  return { g, memory, wanted };
}

/**
 * Layers of some widths with one input and pool, the second with a residual; gradients that others gave before. Those of
 * the results are made by steps, or given: then they can't lie side by side.
 */
function shared(
  widths: readonly number[],
  { N, K, R }: Omit<Case, 'M'>,
  fill: Fill,
  { dtype = 'f32', given = false }: { dtype?: Case['dtype']; given?: boolean | undefined } = {},
) {
  const memory: Memory = new Map();
  const rounded = (size: number): number => Math.ceil(size / 4) * 4;
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, M) => sum + rounded(M) + rounded(R), 4));
  const pool = starts.at(-1)! + rounded(widths.at(-1)!) + rounded(R);
  const most = Math.max(...widths);
  const x = input(memory, 'x', [N, K], fill(N * K, 1));
  const A = input(memory, 'A', [R, K], fill(R * K, 2));
  const B = input(memory, 'B', [most, R], fill(most * R, 3));
  const lambda = input(memory, 'lambda', [pool], fill(pool, 4));
  const grads = input(memory, 'grads', [pool], fill(pool, 5));
  const g = new Graph();
  g.train(x);
  g.train(lambda);
  const u = veraDown(g, x, A);
  const residual = g.train(input(memory, 'residual', [N, widths[1]!], fill(N * widths[1]!, 6)));
  const ys = veraLinears(
    g,
    x,
    widths.map((M, i) => ({
      weight: input(memory, `weight ${i}`, [M, K], fill(M * K, 10 + i), dtype),
      residual: i === 1 ? residual : undefined,
      low: { u, B, lambda, offsetB: starts[i]!, offsetD: starts[i]! + rounded(M) },
    })),
  );
  // So that each has a gradient of its own.
  const inputs = widths.map((M, i) => input(memory, `dy ${i}`, [N, M], fill(N * M, 20 + i)));
  const zeros = widths.map((M, i) => input(memory, `zeros ${i}`, [N, M], new Float64Array(N * M)));
  const dys = given ? inputs : inputs.map((dy, i) => emitAdd(g, dy, zeros[i]!));
  const end = pinned('end', [1]);
  g.differentiateAll([end], ys, (_, sums) => {
    ys.forEach((y, i) => {
      sums.put(y, dys[i]);
    });
  });
  const into = new Map([
    [lambda, grads],
    [x, input(memory, 'earlier dx', [N, K], fill(N * K, 7))],
    [u, input(memory, 'earlier du', [N, R], fill(N * R, 8))],
  ]);
  const gradients = g.grad(end, end, into);
  expect(gradients.get(residual)).toBe(dys[1]);
  const wanted = [...ys, grads, gradients.get(u)!, gradients.get(x)!];
  return { g, memory, wanted };
}

const small: Fill = (length, seed) => integerArray(length, seed, 2);

interface SharedCase extends Omit<Case, 'M'> {
  readonly widths: readonly number[];
  readonly given?: boolean;
  readonly dispatches: number;
}

async function checkShared({ widths, dispatches, dtype, given, ...sizes }: SharedCase, variant: string): Promise<void> {
  const { g, memory, wanted } = shared(widths, sizes, small, { dtype, given });
  const backward = g.steps.filter(({ kernel }) => kernel.name.includes('backward'));
  expect(backward).toHaveLength(dispatches);
  await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
}

/** Storages, layouts and parts know nothing of tiles, and `linear` has tiles and lines in pairs: each tile once, and each shape. */
const isDefault = ({ variant }: { readonly variant: string }): boolean => isDefaultVariant(variant);

test.each<SharedCase>([
  { widths: [64, 8, 60], N: 66, K: 12, R: 66, dispatches: 4, dtype: 'f16' },
  { widths: [8, 5, 12, 4, 16], N: 4, K: 8, R: 4, dispatches: 10 },
  { widths: [8, 12], N: 5, K: 8, R: 4, given: true, dispatches: 6 },
])('layers with one input, $widths, $N×$K, r $R: equal for whole numbers', (sizes) => checkShared(sizes, 'register'));

const sharedCases = coveringOfRing(
  withVariants<SharedCase>(TILES, [
    { widths: [68, 132], N: 65, K: 60, R: 68, dispatches: 4 },
    { widths: [5, 1, 7], N: 3, K: 6, R: 5, dispatches: 4 },
  ]),
  ({ variant, K }) => [variant, `${K} columns`],
  isDefault,
);
test.each(sharedCases)(
  'layers with one input, $variant, $widths, $N×$K, r $R: equal for whole numbers',
  ({ variant, ...sizes }) => checkShared(sizes, variant),
);

describe.each(ofRing(TILES, { test: isDefaultVariant }))('layers with one input, %s', (variant) => {
  test('many tokens, whose partial sums come in slices: equal for whole numbers', async () => {
    const { g, memory, wanted } = shared([68, 4], { N: 277, K: 8, R: 20 }, (length, seed) =>
      integerArray(length, seed, 1),
    );
    const slices = g.steps.flatMap(({ kernel, params }) =>
      kernel.name === 'vera_lambda_backward' ? [Math.ceil(params.N! / params.slice!)] : [],
    );
    expect(slices).toEqual([3]);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  });

  test('192, 64 and 128 columns, 64×96, r 256: random numbers', async () => {
    const { g, memory, wanted } = shared([192, 64, 128], { N: 64, K: 96, R: 256 }, randomArray);
    // Chains of two or three sums of up to 384 products each, as above.
    await expectGpuEqualsReference(g, memory, wanted, 5e-6, { variant });
  });
});

const fewRows = coveringOfRing(
  withVariants<Case>(
    ['register', ...FEW_ROWS],
    [
      { N: 1, K: 1, M: 1, R: 1 },
      { N: 3, K: 5, M: 7, R: 6 },
      { N: 4, K: 8, M: 12, R: 3 },
      { N: 2, K: 6, M: 8, R: 8 },
      { N: 4, K: 300, M: 5, R: 264 },
      { N: 3, K: 64, M: 68, R: 4, dtype: 'f16' },
      { N: 3, K: 64, M: 68, R: 4, dtype: 'q8' },
      { N: 3, K: 64, M: 68, R: 4, dtype: 'q4' },
    ],
  ),
  ({ variant, N, K, dtype = 'f32' }) => [variant, `${N}×${K} of ${dtype}`],
  isDefault,
);
const tiles = coveringOfRing(
  withVariants<Case>(TILES, [
    { N: 66, K: 68, M: 132, R: 60 },
    { N: 65, K: 64, M: 60, R: 132 },
    { N: 63, K: 65, M: 63, R: 65 },
  ]),
  ({ variant, N, K }) => [variant, `${N}×${K}`],
  isDefault,
);
// Bounded whole numbers: every partial sum stays below 2²⁴, so f32 is exact in any order.
test.each([...fewRows, ...tiles])(
  'vera_linear, $variant, $N×$K→$M, r $R, $dtype: equal for whole numbers',
  async ({ variant, ...sizes }) => {
    const { g, memory, wanted } = step(sizes, small);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  },
);

describe.each(ofRing(TILES, { test: isDefaultVariant }))('vera_linear, %s', (variant) => {
  test('64×128→192, r 256: random numbers', async () => {
    const { g, memory, wanted } = step({ N: 64, K: 128, M: 192, R: 256 }, randomArray);
    // Chains of two or three sums of up to 256 products each: √256 · 2⁻²⁴ of their size, and 4× for the worst of many.
    await expectGpuEqualsReference(g, memory, wanted, 4e-6, { variant });
  });

  test('the same step gives the same bits', async () => {
    const { g, memory, wanted } = step({ N: 64, K: 64, M: 80, R: 96 }, randomArray);
    const first = await runOnGpu(g.steps, memory, wanted, { variant });
    const second = await runOnGpu(g.steps, memory, wanted, { variant });
    for (const value of wanted) expect(second.get(value)).toEqual(first.get(value));
  });
});

test('λ_b = 0: the base layer alone, and zeros for u and λ_d', async () => {
  const memory: Memory = new Map();
  const [N, K, M, R] = [8, 64, 72, 80] as const;
  const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
  const weight = input(memory, 'weight', [M, K], randomArray(M * K, 2));
  const A = input(memory, 'A', [R, K], randomArray(R * K, 3));
  const B = input(memory, 'B', [M, R], randomArray(M * R, 4));
  const lambda = input(memory, 'lambda', [M + R], randomArray(M + R, 5).fill(0, 0, M));
  const grads = input(memory, 'grads', [M + R], new Float64Array(M + R));
  const dy = input(memory, 'dy', [N, M], randomArray(N * M, 6));
  const g = new Graph();
  g.train(lambda);
  g.train(x);
  const u = veraDown(g, x, A);
  const y = veraLinear(g, { x, u, weight, B, lambda, offsetB: 0, offsetD: M });
  const du = g.grad(y, dy, new Map([[lambda, grads]])).get(u);
  if (du === undefined) throw new Error('u received no gradient');
  const results = await runOnGpu(g.steps, memory, [du, grads]);
  expect(results.get(du)?.every((v) => v === 0)).toBe(true);
  expect(
    results
      .get(grads)
      ?.subarray(M)
      .every((v) => v === 0),
  ).toBe(true);
  expect(
    results
      .get(grads)
      ?.subarray(0, M)
      .every((v) => v !== 0),
  ).toBe(true);
});
