import { expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import { linears } from '../../../src/ops/products/linear';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  input,
  OF_SHARED_TILES,
  TILES,
  TILES_IN_F16,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import { integerArray, weightArray } from '../../helpers/maths/random';
import { coveringOfRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly N: number;
  readonly K: number;
  readonly widths: readonly number[];
  /** The weights' storage format. Default: f32. */
  readonly dtype?: StorageName;
}

/** Builds layers of these widths with one input. */
function layersOf({ N, K, widths, dtype = 'f32' }: Case) {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], integerArray(N * K, 1));
  const layers = widths.map((M, i) => ({
    weight: input(memory, `weight ${i}`, [M, K], weightArray(M * K, 2 + i, dtype, integerArray), dtype),
  }));
  const g = new Graph();
  return { g, memory, ys: linears(g, x, layers) };
}

const namesOf = ({ steps }: Graph): string[] => steps.map(({ kernel }) => kernel.name);

const tiles = withVariants<Case>(
  [...TILES, ...TILES_IN_F16],
  [
    { N: 65, K: 132, widths: [68, 132, 60] },
    { N: 3, K: 20, widths: [4, 8] },
  ],
);
const fewRows = withVariants<Case>(FEW_ROWS, [
  { N: 1, K: 260, widths: [68, 4, 128] },
  { N: 4, K: 64, widths: [64, 60], dtype: 'f16' },
  { N: 2, K: 32, widths: [4, 12, 8], dtype: 'q4' },
]);
const cases = coveringOfRing([...tiles, ...fewRows], ({ variant, N }) => [variant, `${N} rows`], OF_SHARED_TILES);

test.each(cases)(
  'linears, $variant, $N×$K → $widths, $dtype: equal for whole numbers',
  async ({ variant, ...sizes }) => {
    const { g, memory, ys } = layersOf(sizes);
    expect(namesOf(g)).toEqual(['linears']);
    await expectGpuEqualsReference(g, memory, ys, 0, { variant });
  },
);

test('four layers of one input are two dispatches, and one without whole words is a dispatch of its own', async () => {
  const { g, memory, ys } = layersOf({ N: 5, K: 8, widths: [4, 8, 12, 16, 7] });
  expect(namesOf(g)).toEqual(['linears', 'linear', 'linear']);
  await expectGpuEqualsReference(g, memory, ys, 0);
});
