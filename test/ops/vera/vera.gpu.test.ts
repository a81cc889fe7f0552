import { describe, expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { emitAdd } from '../../../src/ops/add';
import { emitProjection, veraLinears } from '../../../src/ops/vera/vera';
import {
  expectGpuEqualsReference,
  input,
  isDefaultVariant,
  OF_SHARED_TILES,
  TILES,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import type { LowRankSizes } from '../../helpers/gpu/product_sizes';
import { type Fill, integerArray, randomArray, weightArray } from '../../helpers/maths/random';
import { coveringOfRing, ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case extends LowRankSizes {
  readonly dtype?: StorageName;
}

interface SharedCase extends Omit<Case, 'M'> {
  readonly widths: readonly number[];
  /** Whether the results' gradients are inputs of the graph. Default: false, then steps compute them. */
  readonly given?: boolean;
  /** The number of columns that A has beyond K. Default: 4. */
  readonly more?: number;
  /** The number of dispatches of the backward pass. */
  readonly dispatches: number;
}

/**
 * Builds layers of these widths with one input, whose trained vectors are in one buffer (pool). Their gradients are added to earlier
 * ones; the second layer has a residual. The gradients of the results are computed by steps of the graph or, with `given`, are its
 * inputs, which can't be adjacent parts of one buffer.
 */
function shared(
  widths: readonly number[],
  { N, K, R }: Omit<Case, 'M'>,
  fill: Fill,
  { dtype = 'f32', given = false, more = 4 }: Omit<SharedCase, 'widths' | 'dispatches' | 'N' | 'K' | 'R'> = {},
) {
  const memory: Memory = new Map();
  const rounded = (size: number): number => Math.ceil(size / 4) * 4;
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, M) => sum + rounded(M) + rounded(R), 4));
  const pool = starts.at(-1)! + rounded(widths.at(-1)!) + rounded(R);
  const most = Math.max(...widths);
  const x = input(memory, 'x', [N, K], fill(N * K, 1));
  const A = input(memory, 'A', [R, K + more], fill(R * (K + more), 2));
  const B = input(memory, 'B', [most, R], fill(most * R, 3));
  const lambda = input(memory, 'lambda', [pool], fill(pool, 4));
  const grads = input(memory, 'grads', [pool], fill(pool, 5));
  const g = new Graph();
  g.train(x);
  g.train(lambda);
  const projection = emitProjection(g, x, A);
  const { u } = projection;
  const residual = g.train(input(memory, 'residual', [N, widths[1]!], fill(N * widths[1]!, 6)));
  const ys = veraLinears(
    g,
    x,
    widths.map((M, i) => ({
      weight: input(memory, `weight ${i}`, [M, K], weightArray(M * K, 10 + i, dtype, fill), dtype),
      residual: i === 1 ? residual : undefined,
      low: { u, B, lambda, offsetB: starts[i]!, offsetD: starts[i]! + rounded(M) },
    })),
    projection,
  );
  // Each layer gets a different gradient.
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

/** Builds layers with one input, and a last layer whose input is the first layer's result. All of them use the same A and B. */
function twoInputs(widths: readonly number[], { N, K, R }: Omit<Case, 'M'>, fill: Fill) {
  const memory: Memory = new Map();
  const make = (name: string, shape: readonly [number, number], seed: number): Value =>
    input(memory, name, shape, fill(shape[0] * shape[1], seed));
  const [first = 0] = widths;
  const all = [...widths, K];
  const most = Math.max(...all);
  const A = make('A', [R, most], 2);
  const B = make('B', [most, R], 3);
  const room = 4 * Math.ceil((most + R) / 4);
  const lambda = input(memory, 'lambda', [2 * room * all.length], fill(2 * room * all.length, 4));
  const grads = input(memory, 'grads', lambda.shape, fill(2 * room * all.length, 5));
  const low = (u: Value, i: number) => ({ u, B, lambda, offsetB: 2 * room * i, offsetD: (2 * i + 1) * room });
  const g = new Graph();
  const x = g.train(make('x', [N, K], 1));
  g.train(lambda);
  const projection = emitProjection(g, x, A);
  const layers = widths.map((M, i) => ({ weight: make(`weight ${i}`, [M, K], 10 + i), low: low(projection.u, i) }));
  const [y0, ...others] = veraLinears(g, x, layers, projection) as [Value, ...Value[]];
  const ofY0 = emitProjection(g, y0, A);
  const last = { weight: make('last weight', [K, first], 20), low: low(ofY0.u, widths.length) };
  const ends = [...veraLinears(g, y0, [last], ofY0), ...others];
  const zeros = (end: Value): Value => input(memory, 'zeros', end.shape, new Float64Array(N * (end.shape[1] ?? 0)));
  const dys = ends.map((end, i) => emitAdd(g, make(`dy ${i}`, [N, end.shape[1] ?? 0], 30 + i), zeros(end)));
  const end = pinned('end', [1]);
  g.differentiateAll([end], ends, (_, sums) => {
    ends.forEach((y, i) => {
      sums.put(y, dys[i]);
    });
  });
  const dx = g.grad(end, end, new Map([[lambda, grads]])).get(x)!;
  return { g, memory, wanted: [grads, dx] };
}

const small: Fill = (length, seed) => integerArray(length, seed, 2);

async function checkShared({ widths, dispatches, N, K, R, ...rest }: SharedCase, variant: string): Promise<void> {
  const { g, memory, wanted } = shared(widths, { N, K, R }, small, rest);
  const backward = g.steps.filter(({ kernel }) => kernel.name.includes('backward'));
  expect(backward).toHaveLength(dispatches);
  await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
}

// All tiles share the code for storage formats, memory layouts and matrix products that share a dispatch. The tests of `linear` run
// every tile with every way to read rows (`Lines`). So here it is enough that each tile and each shape occurs in some case.

test.each<SharedCase>([
  { widths: [64, 8, 60], N: 66, K: 12, R: 66, dispatches: 3, dtype: 'f16' },
  { widths: [8, 4], N: 5, K: 64, R: 8, dispatches: 3, dtype: 'q4' },
  { widths: [8, 4], N: 5, K: 8, R: 8, more: 3, dispatches: 3 },
  { widths: [8, 5, 12, 4, 16], N: 4, K: 8, R: 4, dispatches: 9 },
  { widths: [8, 12], N: 5, K: 8, R: 4, given: true, dispatches: 5 },
])('layers with one input, $widths, $N×$K, r $R: equal for whole numbers', (sizes) => checkShared(sizes, 'register'));

const sharedCases = coveringOfRing(
  withVariants<SharedCase>(TILES, [
    { widths: [68, 132], N: 65, K: 60, R: 68, dispatches: 3 },
    { widths: [68, 132], N: 65, K: 61, R: 68, more: 3, dispatches: 3 },
    { widths: [5, 1, 7], N: 3, K: 6, R: 5, dispatches: 3 },
  ]),
  ({ variant, K }) => [variant, `${K} columns`],
  OF_SHARED_TILES,
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

  test('and one with another: their products for λ are one dispatch, equal for whole numbers', async () => {
    const { g, memory, wanted } = twoInputs([68, 4, 8], { N: 66, K: 12, R: 8 }, (length, seed) =>
      integerArray(length, seed, 1),
    );
    const products = g.steps.filter(({ kernel }) => kernel.name === 'vera_lambda_backward');
    expect(products.map(({ params: { M0, M1, M2, M3 } }) => [M0, M1, M2, M3])).toEqual([[68, 4, 8, 12]]);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  });

  test('192, 64 and 128 columns, 64×96, r 256: random numbers', async () => {
    const { g, memory, wanted } = shared([192, 64, 128], { N: 64, K: 96, R: 256 }, randomArray);
    // These are chains of two or three sums of up to 384 products each, with errors like those in vera_linear.gpu.test.ts.
    await expectGpuEqualsReference(g, memory, wanted, 5e-6, { variant });
  });
});
