import { expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import { emitProjection, veraLinears } from '../../../src/ops/vera/vera';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  input,
  OF_SHARED_TILES,
  TILES,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import { type Fill, integerArray, weightArray } from '../../helpers/maths/random';
import { coveringOfRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly N: number;
  readonly K: number;
  readonly R: number;
  readonly widths: readonly number[];
  /** The weights' storage format. Default: f32. */
  readonly dtype?: StorageName;
}

const small: Fill = (length, seed) => integerArray(length, seed, 2);

/** Builds adapted layers of these widths and one layer without an adapter, all with one input. */
function layersOf({ N, K, R, widths, dtype = 'f32' }: Case) {
  const memory: Memory = new Map();
  const most = Math.max(...widths);
  const room = 4 * Math.ceil((most + R) / 4) + 8;
  const x = input(memory, 'x', [N, K], small(N * K, 1));
  const A = input(memory, 'A', [R, K], small(R * K, 2));
  const B = input(memory, 'B', [most, R], small(most * R, 3));
  const lambda = input(memory, 'lambda', [room * widths.length], small(room * widths.length, 4));
  const g = new Graph();
  const { u } = emitProjection(g, x, A);
  const adapted = widths.map((M, i) => ({
    weight: input(memory, `weight ${i}`, [M, K], weightArray(M * K, 5 + i, dtype, small), dtype),
    low: { u, B, lambda, offsetB: room * i + 4, offsetD: room * i + 4 + 4 * Math.ceil(M / 4) },
  }));
  const plain = { weight: input(memory, 'plain', [8, K], small(8 * K, 9)) };
  const ys = veraLinears(g, x, [...adapted, plain]);
  return { g, memory, wanted: [u, ...ys], names: g.steps.map(({ kernel }) => kernel.name) };
}

const tiles = withVariants<Case>(TILES, [
  { N: 65, K: 68, R: 60, widths: [68, 132] },
  { N: 66, K: 32, R: 68, widths: [64, 64], dtype: 'f16' },
]);
const fewRows = withVariants<Case>(FEW_ROWS, [
  { N: 1, K: 260, R: 8, widths: [68, 4] },
  { N: 4, K: 64, R: 132, widths: [4, 64], dtype: 'q8' },
]);
// `npm test` skips the kernel's other tiles, which compile slowly and have the same loops as those of linears.
const cases = coveringOfRing([...tiles, ...fewRows], ({ variant }) => [variant], {
  ...OF_SHARED_TILES,
  test: ({ variant }) => ['subgroup', ...FEW_ROWS].includes(variant),
});

test.each(cases)(
  'vera_linears, $variant, $N×$K → $widths, r $R, $dtype: equal for whole numbers',
  async ({ variant, ...sizes }) => {
    const { g, memory, wanted, names } = layersOf(sizes);
    // The layer without an adapter shares the dispatch of the product with A, because both weights are stored in f32.
    expect(names).toEqual(['linears', 'vera_linears']);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  },
);

test('three adapted layers are two dispatches, and those with lines of other lengths one each', async () => {
  const three = layersOf({ N: 5, K: 8, R: 4, widths: [8, 4, 12] });
  expect(three.names).toEqual(['linears', 'vera_linears', 'vera_linear']);
  await expectGpuEqualsReference(three.g, three.memory, three.wanted, 0);
  expect(layersOf({ N: 5, K: 8, R: 4, widths: [7, 4] }).names).toEqual(['linears', 'vera_linear', 'vera_linear']);
});
