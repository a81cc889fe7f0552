import { expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { swiglu } from '../../../src/ops/activations/swiglu';
import { linear, linears } from '../../../src/ops/products/linear';
import { emitProjection, veraLinears } from '../../../src/ops/vera/vera';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  input,
  OF_SHARED_TILES,
  TILES,
  TILES_IN_F16,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import { integerArray, randomArray, weightArray } from '../../helpers/maths/random';
import { coveringOfRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly N: number;
  readonly F: number;
  readonly M: number;
  /** The rank of the layer's adapter; 0 for no adapter. */
  readonly R: number;
  /** The weight's storage format. Default: f32. */
  readonly dtype?: StorageName;
}

/** Builds a layer F → M whose input is swiglu(gate, up), and the gradients of gate and up. */
function gradients({ N, F, M, R, dtype = 'f32' }: Case) {
  const memory: Memory = new Map();
  const values = (name: string, shape: readonly [number, number], seed: number) =>
    input(memory, name, shape, randomArray(shape[0] * shape[1], seed));
  const g = new Graph();
  const gate = g.train(values('gate', [N, F], 1));
  const up = g.train(values('up', [N, F], 2));
  const weight = input(memory, 'weight', [M, F], weightArray(M * F, 3, dtype, randomArray), dtype);
  const x = swiglu(g, gate, up);
  const adapted = () => {
    const projection = emitProjection(g, x, values('A', [R, F + 4], 4));
    const lambda = input(memory, 'lambda', [M + R], randomArray(M + R, 5));
    const low = { u: projection.u, B: values('B', [M, R], 6), lambda, offsetB: 0, offsetD: M };
    return veraLinears(g, x, [{ weight, low }], projection)[0]!;
  };
  const y = R === 0 ? linear(g, x, weight) : adapted();
  const forward = g.steps.length;
  const made = g.grad(y, values('dy', [N, M], 7), new Map());
  const names = g.steps.slice(forward).map(({ kernel }) => kernel.name);
  return { g, memory, names, wanted: [made.get(gate)!, made.get(up)!] };
}

const cases = coveringOfRing(
  withVariants<Case>(TILES, [
    { N: 65, F: 132, M: 68, R: 60 },
    { N: 66, F: 128, M: 64, R: 0, dtype: 'f16' },
  ]),
  ({ variant }) => [variant],
  // `npm test` skips the kernel's other tiles, which compile slowly and have the same loops as those of linear_backward.
  { ...OF_SHARED_TILES, test: ({ variant }) => ['register', 'subgroup'].includes(variant) },
);
test.each(cases)('gate and up before a layer, $variant, $N×$F → $M, r $R, $dtype', async ({ variant, ...sizes }) => {
  const { g, memory, names, wanted } = gradients(sizes);
  expect(names).toEqual([...(sizes.R === 0 ? [] : ['vera_up_backward']), 'swiglu_linear_backward']);
  // The errors come from sums of up to 128 products of values around 1, and from WGSL's exp.
  await expectGpuEqualsReference(g, memory, wanted, 5e-6, { variant });
});

test('lines of other lengths take two dispatches', async () => {
  const { g, memory, names, wanted } = gradients({ N: 5, F: 7, M: 8, R: 0 });
  expect(names).toEqual(['linear_backward', 'swiglu_backward']);
  await expectGpuEqualsReference(g, memory, wanted, 5e-6);
});

interface ForwardCase {
  readonly N: number;
  readonly K: number;
  readonly M: number;
  /** The weights' storage format. Default: f32. */
  readonly dtype?: StorageName;
  /** Whether a third layer has the input x too. Default: false. */
  readonly third?: boolean;
  /** The rank of the layers' adapter. Default: 0, for no adapter. */
  readonly R?: number;
}

/** Builds two layers with one input, gate and up, and silu(gate) · up. */
function forward({ N, K, M, dtype = 'f32', third = false, R = 0 }: ForwardCase) {
  const memory: Memory = new Map();
  // Multiples of ½, so that products are exact. They are so small that silu(gate) isn't always just 0 or the gate.
  const halves = (length: number, seed: number) => integerArray(length, seed, 2).map((value) => value / 2);
  const x = input(memory, 'x', [N, K], halves(N * K, 1));
  const weights = [2, 3, ...(third ? [4] : [])].map((seed) => ({
    weight: input(memory, `weight ${seed}`, [M, K], weightArray(M * K, seed, dtype, integerArray), dtype),
  }));
  const g = new Graph();
  const adapted = () => {
    const whole = (name: string, shape: readonly number[], seed: number) =>
      input(
        memory,
        name,
        shape,
        integerArray(
          shape.reduce((size, length) => size * length, 1),
          seed,
          1,
        ),
      );
    const { u } = emitProjection(g, x, whole('A', [R, K], 5));
    const width = 4 * Math.ceil(M / 4);
    const room = width + R;
    const low = { u, B: whole('B', [M, R], 6), lambda: whole('lambda', [room * weights.length], 7) };
    const layers = weights.map((weight, index) => {
      const offsetB = room * index;
      return { ...weight, low: { ...low, offsetB, offsetD: offsetB + width } };
    });
    return veraLinears(g, x, layers);
  };
  const [gate, up] = (R === 0 ? linears(g, x, weights) : adapted()) as [Value, Value];
  const y = swiglu(g, gate, up);
  return { g, memory, names: g.steps.map(({ kernel }) => kernel.name), products: [gate, up], y };
}

const forwardTiles = withVariants<ForwardCase>(
  [...TILES, ...TILES_IN_F16],
  [
    { N: 65, K: 20, M: 68 },
    { N: 3, K: 132, M: 36, dtype: 'f16' },
  ],
);
const forwardRows = withVariants<ForwardCase>(FEW_ROWS, [
  { N: 1, K: 260, M: 4 },
  { N: 4, K: 64, M: 132, dtype: 'q8' },
  { N: 3, K: 32, M: 72, dtype: 'q4' },
]);
test.each(
  coveringOfRing([...forwardTiles, ...forwardRows], ({ variant, N }) => [variant, `${N} rows`], OF_SHARED_TILES),
)('gate and up after their layers, $variant, $N×$K → $M, $dtype', async ({ variant, ...sizes }) => {
  const { g, memory, names, products, y } = forward(sizes);
  expect(names).toEqual(['swiglu_linears']);
  await expectGpuEqualsReference(g, memory, products, 0, { variant });
  // The errors come from WGSL's exp.
  await expectGpuEqualsReference(g, memory, [y], 5e-6, { variant });
});

const adaptedTiles = withVariants<ForwardCase>(
  [...TILES, ...TILES_IN_F16],
  [
    { N: 65, K: 20, M: 68, R: 8 },
    { N: 3, K: 132, M: 36, R: 60, dtype: 'f16' },
  ],
);
const adaptedRows = withVariants<ForwardCase>(FEW_ROWS, [
  { N: 1, K: 260, M: 4, R: 12 },
  { N: 4, K: 64, M: 132, R: 8, dtype: 'q8' },
]);
test.each(
  coveringOfRing([...adaptedTiles, ...adaptedRows], ({ variant, N }) => [variant, `${N} rows`], OF_SHARED_TILES),
)('gate and up after their adapted layers, $variant, $N×$K → $M, r $R, $dtype', async ({ variant, ...sizes }) => {
  const { g, memory, names, products, y } = forward(sizes);
  expect(names).toEqual(['linear', 'vera_swiglu_linears']);
  await expectGpuEqualsReference(g, memory, products, 0, { variant });
  // The errors come from WGSL's exp.
  await expectGpuEqualsReference(g, memory, [y], 5e-6, { variant });
});

test('gate and up that a device may not bind together take a dispatch of their own', () => {
  const made = (N: number) => {
    const g = new Graph();
    const weights = ['gate', 'up'].map((name) => ({ weight: pinned(name, [4096, 4]) }));
    const [gate, up] = linears(g, pinned('x', [N, 4]), weights) as [Value, Value];
    swiglu(g, gate, up);
    return g.steps.map(({ kernel }) => kernel.name);
  };
  expect([made(4096), made(4100)]).toEqual([['swiglu_linears'], ['linears', 'swiglu']]);
});

test.each<ForwardCase>([
  { N: 5, K: 8, M: 6 },
  { N: 5, K: 8, M: 6, R: 4 },
  { N: 5, K: 8, M: 8, third: true },
])('layers whose lines are no whole words, or of which there is a third, take dispatches of their own: %o', (sizes) => {
  expect(forward(sizes).names.at(-1)).toBe('swiglu');
});
