import { expect, test } from 'vitest';
import { storages } from '../../../src/core/numbers/storage';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import { viewOf } from '../../../src/graph/value';
import { linear } from '../../../src/ops/products/linear';
import { linesOf } from '../../../src/ops/products/operand_storage';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  input,
  isDefaultVariant,
  runOnGpu,
  TILES,
  TILES_IN_F16,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import type { ProductSizes } from '../../helpers/gpu/product_sizes';
import { type Fill, integerArray, randomArray, weightArray } from '../../helpers/maths/random';
import { coveringOfRing, ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case extends ProductSizes {
  /** The weight's storage format. Default: f32. */
  readonly dtype?: StorageName;
}

async function check({ N, M, K, dtype = 'f32' }: Case, variant: string, fill: Fill, tolerance: number): Promise<void> {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], fill(N * K, 1));
  const stored = weightArray(M * K, 2, dtype, fill);
  const weight = input(memory, 'weight', [M, K], stored, dtype);
  const bias = input(memory, 'bias', [M], fill(M, 3));
  const dy = input(memory, 'dy', [N, M], fill(N * M, 4));
  const earlier = input(memory, 'earlier', [N, K], fill(N * K, 5));
  const dw = input(memory, 'dw', [M, K], fill(M * K, 6));
  const db = input(memory, 'db', [M], fill(M, 7));
  const frozen = input(memory, 'frozen', [M, K], memory.get(weight)!, dtype);
  const g = new Graph();
  for (const value of [x, weight, bias]) g.train(value);
  const y = linear(g, x, weight, bias);
  const bare = linear(g, x, frozen);
  const residual = linear(g, x, frozen, bias, { residual: dy });
  const into = new Map([
    [x, earlier],
    [weight, dw],
    [bias, db],
  ]);
  const summed = g.grad(y, dy, into).get(x);
  const alone = g.grad(bare, dy, new Map()).get(x);
  if (summed === undefined || alone === undefined) throw new Error('x received no gradient');
  await expectGpuEqualsReference(g, memory, [y, bare, residual, summed, alone, dw, db], tolerance, { variant });
}

const PACKED = Object.values(storages).flatMap(({ name, packed }) => (packed === undefined ? [] : [name]));

// Sums of small whole numbers are exact in f32 in any order, so every storage format and memory layout must give equal results.
const cases: readonly Case[] = [
  { N: 1, M: 1, K: 1 },
  { N: 2, M: 3, K: 5 },
  { N: 5, M: 8, K: 3 },
  { N: 3, M: 5, K: 8 },
  { N: 63, M: 65, K: 64 },
  { N: 1, M: 5, K: 4, dtype: 'f16' },
  { N: 5, M: 123, K: 20, dtype: 'f16' },
  { N: 64, M: 132, K: 64, dtype: 'f16' },
  { N: 5, M: 123, K: 20, dtype: 'bf16' },
  { N: 64, M: 132, K: 64, dtype: 'bf16' },
  ...PACKED.flatMap((dtype) => [
    { N: 5, M: 123, K: 32, dtype },
    { N: 66, M: 132, K: 96, dtype },
  ]),
];
test.each(ofRing(cases, { quick: ({ dtype }) => dtype === undefined }))(
  'linear, register, $N×$M×$K, $dtype: equal for whole numbers',
  (size) => check(size, 'register', integerArray, 0),
);

// All tiles share the code for storage formats and memory layouts, so two shapes are enough for each tile: one with odd sizes
// and one with multiples of 4. Small whole numbers, and sums of eight of their products, are exact in f16 too.
const tiles = withVariants<Case>(
  [...TILES, ...TILES_IN_F16],
  [
    { N: 65, M: 63, K: 123 },
    { N: 67, M: 60, K: 132 },
  ],
);
/**
 * Returns the name of the group of similar tiles that a tile belongs to. Tiles in f16 form a group, and so do tiles in workgroup
 * memory. Both compile slowly, so every way to read rows (`Lines`) is tested with only one tile of each group.
 */
const alike = (variant: string): string => /^(f16|workgroup)/.exec(variant)?.[0] ?? variant;
const ofTiles = coveringOfRing(tiles, ({ variant, K }) => [variant, `${alike(variant)}, ${linesOf([K])}`], {
  // Tiles in f16 compile slowest where rows are read one number at a time.
  test: ({ variant, K }) => variant !== 'f16' && !(variant === 'f16_small' && K % 4 > 0),
  quick: ({ variant }) => isDefaultVariant(variant),
});
test.each(ofTiles)('linear, $variant, $N×$M×$K: equal for whole numbers', ({ variant, ...size }) =>
  check(size, variant, integerArray, 0),
);

// A sequential sum of 512 products has a relative error of about √512 · 2⁻²⁴ = 1.3e-6; the largest of many errors is 3
// times that.
test.each(ofRing(TILES, { quick: isDefaultVariant }))('linear, %s, 64×160×512: random numbers', (variant) =>
  check({ N: 64, M: 160, K: 512 }, variant, randomArray, 4e-6),
);

const fewRows = withVariants<Case>(FEW_ROWS, [
  { N: 1, M: 1, K: 1 },
  { N: 3, M: 5, K: 123 },
  { N: 1, M: 7, K: 516 },
  { N: 4, M: 64, K: 256 },
  { N: 2, M: 9, K: 300, dtype: 'f16' },
  ...PACKED.map((dtype, index) => ({ N: 2 - (index % 2), M: 9, K: 288, dtype })),
]);
const ofFewRows = ofRing(fewRows, { quick: ({ variant }) => isDefaultVariant(variant) });
test.each(ofFewRows)('linear, $variant, $N×$M×$K, $dtype: equal for whole numbers', ({ variant, ...size }) =>
  check(size, variant, integerArray, 0),
);

test('gradients of views into one buffer, and the same bits twice', async () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [130, 20], randomArray(130 * 20, 1));
  const weight = input(memory, 'weight', [24, 20], randomArray(24 * 20, 2));
  const bias = input(memory, 'bias', [24], randomArray(24, 3));
  const dy = input(memory, 'dy', [130, 24], randomArray(130 * 24, 4));
  const pool = input(memory, 'pool', [512 + 24], randomArray(536, 5));
  const g = new Graph();
  g.train(weight);
  g.train(bias);
  const into = new Map([
    [weight, viewOf(pool, 'dw', [24, 20], 0)],
    [bias, viewOf(pool, 'db', [24], 512)],
  ]);
  g.grad(linear(g, x, weight, bias), dy, into);
  // These are sums of 130 products in f32.
  await expectGpuEqualsReference(g, memory, [pool], 2e-6);
  const first = await runOnGpu(g.steps, memory, [pool]);
  expect(await runOnGpu(g.steps, memory, [pool])).toEqual(first);
});
