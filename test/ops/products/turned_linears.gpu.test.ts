import { expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { ropeTable } from '../../../src/models/positions/rope_table';
import { linears } from '../../../src/ops/products/linear';
import { rope } from '../../../src/ops/rope';
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
import { integerArray, weightArray } from '../../helpers/maths/random';
import { coveringOfRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly N: number;
  readonly K: number;
  readonly D: number;
  /** The numbers of heads of queries, of keys and, if there are any, of values. */
  readonly heads: readonly number[];
  /** The rank of the layers' adapter. Default: 0, for no adapter. */
  readonly R?: number;
  /** The weights' storage format. Default: f32. */
  readonly dtype?: StorageName;
}

/** Builds layers with one input: queries and keys, which are rotated, and values. */
function turnedLayers({ N, K, D, heads, R = 0, dtype = 'f32' }: Case) {
  const memory: Memory = new Map();
  const whole = (name: string, shape: readonly number[], seed: number) =>
    input(
      memory,
      name,
      shape,
      integerArray(
        shape.reduce((size, length) => size * length, 1),
        seed,
        2,
      ),
    );
  const x = whole('x', [N, K], 1);
  const weights = heads.map((count, index) => ({
    weight: input(
      memory,
      `weight ${index}`,
      [count * D, K],
      weightArray(count * D * K, 2 + index, dtype, (length, seed) => integerArray(length, seed, 2)),
      dtype,
    ),
  }));
  const g = new Graph();
  const adapted = () => {
    const most = Math.max(...heads) * D;
    const { u } = emitProjection(g, x, whole('A', [R, K], 5));
    const low = { u, B: whole('B', [most, R], 6), lambda: whole('lambda', [heads.length * (most + R)], 7) };
    const placed = (index: number) => ({ offsetB: index * (most + R), offsetD: index * (most + R) + most });
    return veraLinears(
      g,
      x,
      weights.map((weight, index) => ({ ...weight, low: { ...low, ...placed(index) } })),
    );
  };
  const [q, k, v] = (R === 0 ? linears(g, x, weights) : adapted()) as [Value, Value, Value | undefined];
  const table = input(memory, 'table', [N, D], Float64Array.from(ropeTable({ type: 'default', theta: 500 }, D, N)));
  const positions = input(
    memory,
    'positions',
    [N],
    Float64Array.from({ length: N }, (_, n) => N - 1 - n),
    'u32',
  );
  const turned = rope(g, { q, k, table, positions, D });
  return {
    g,
    memory,
    names: g.steps.map(({ kernel }) => kernel.name),
    wanted: [turned.q, turned.k, ...(v ? [v] : [])],
  };
}

const tiles = [...TILES, ...TILES_IN_F16];
const cases = [
  ...withVariants<Case>(tiles, [
    { N: 65, K: 20, D: 24, heads: [3, 1, 1] },
    { N: 3, K: 132, D: 64, heads: [2, 2], dtype: 'f16' },
    { N: 66, K: 20, D: 8, heads: [4, 2], R: 60 },
    { N: 34, K: 68, D: 64, heads: [3, 1], R: 8, dtype: 'f16' },
  ]),
  ...withVariants<Case>(FEW_ROWS, [
    { N: 1, K: 260, D: 8, heads: [3, 1, 1] },
    { N: 4, K: 64, D: 64, heads: [2, 1], dtype: 'q8' },
    { N: 3, K: 32, D: 16, heads: [2, 1], R: 12, dtype: 'q4' },
  ]),
];
test.each(coveringOfRing(cases, ({ variant, R = 0 }) => [`${variant} ${R > 0}`], OF_SHARED_TILES))(
  'queries and keys, $variant, $N×$K → $heads of $D, r $R, $dtype',
  async ({ variant, ...sizes }) => {
    const { g, memory, names, wanted } = turnedLayers(sizes);
    const { R = 0 } = sizes;
    expect(names).toEqual(
      R === 0 ? ['gather_rows', 'turned_linears'] : ['linear', 'gather_rows', 'vera_turned_linears'],
    );
    // Sums of products are exact whole numbers. Rotating them by cosines and sines rounds at most four times, by 2⁻²⁴ each.
    await expectGpuEqualsReference(g, memory, wanted, 5e-7, { variant });
  },
);

test('the third of three adapted layers has a dispatch of its own', async () => {
  const { g, memory, names, wanted } = turnedLayers({ N: 5, K: 16, D: 8, heads: [2, 1, 1], R: 4 });
  expect(names).toEqual(['linear', 'vera_linear', 'gather_rows', 'vera_turned_linears']);
  await expectGpuEqualsReference(g, memory, wanted, 5e-7);
});

test.each<[string, Case]>([
  ['heads that are not whole words', { N: 5, K: 16, D: 12, heads: [2, 1] }],
  ['lines that are not whole words', { N: 5, K: 7, D: 8, heads: [2, 1] }],
])('%s are turned in a dispatch of their own', async (_, sizes) => {
  const { g, memory, names, wanted } = turnedLayers(sizes);
  expect(names.at(-1)).toBe('rope');
  await expectGpuEqualsReference(g, memory, wanted, 5e-7);
});
