import { describe, expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import { linear } from '../../../src/ops/products/linear';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  input,
  isDefaultVariant,
  isTypicalTile,
  runOnGpu,
  TILES,
  TILES_IN_F16,
} from '../../helpers/gpu/on_gpu';
import type { ProductSizes } from '../../helpers/gpu/product_sizes';
import { inputInShards } from '../../helpers/gpu/shards';
import { type Fill, integerArray, randomArray, weightArray } from '../../helpers/maths/random';
import { ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

interface Case extends ProductSizes {
  /** The weight's storage format. Default: f32. */
  readonly dtype?: StorageName;
}

function operands({ N, M, K, dtype = 'f32' }: Case, fill: Fill) {
  const memory: Memory = new Map();
  const numbers = weightArray(M * K, 2, dtype, fill);
  return {
    memory,
    x: input(memory, 'x', [N, K], fill(N * K, 1)),
    whole: input(memory, 'whole', [M, K], numbers, dtype),
    split: inputInShards(memory, 'split', [M, K], numbers, dtype),
    bias: input(memory, 'bias', [M], fill(M, 3)),
    dy: input(memory, 'dy', [N, M], fill(N * M, 4)),
    earlier: input(memory, 'earlier', [N, K], fill(N * K, 5)),
  };
}

async function check(size: Case, variant: string, fill: Fill, tolerance: number): Promise<void> {
  const { memory, x, split, bias, dy, earlier } = operands(size, fill);
  const g = new Graph();
  g.train(x);
  const y = linear(g, x, split, bias);
  const bare = linear(g, x, split);
  const residual = linear(g, x, split, bias, { residual: dy });
  const summed = g.grad(y, dy, new Map([[x, earlier]])).get(x);
  const alone = g.grad(bare, dy, new Map()).get(x);
  if (summed === undefined || alone === undefined) throw new Error('x received no gradient');
  await expectGpuEqualsReference(g, memory, [y, bare, residual, summed, alone], tolerance, { variant });
}

// Sums of small whole numbers are exact in f32 in any order, so every storage format and memory layout must give equal results.
const storages: readonly Case[] = [
  { N: 1, M: 65, K: 1 },
  { N: 2, M: 66, K: 5 },
  { N: 5, M: 129, K: 8 },
  { N: 3, M: 132, K: 3 },
  { N: 63, M: 200, K: 64 },
  { N: 5, M: 131, K: 20, dtype: 'f16' },
  { N: 64, M: 132, K: 64, dtype: 'f16' },
  { N: 5, M: 131, K: 64, dtype: 'q8' },
  { N: 64, M: 132, K: 32, dtype: 'q4' },
];
test.each(ofRing(storages, { quick: ({ dtype }) => dtype === undefined }))(
  'linear_shard, register, $N×$M×$K, $dtype: equal for whole numbers',
  (size) => check(size, 'register', integerArray, 0),
);

// All tiles share the code for storage formats and memory layouts, so each tile is tested with only one shape. Its last shard ends
// within a step of the loop over K. The f16 tiles treat shards in the same way, so one of them is enough.
const allTiles = [...TILES, ...TILES_IN_F16];
const exact = ofRing(allTiles, {
  test: (variant) => isTypicalTile(variant) || variant === 'f16_small',
  quick: isDefaultVariant,
});
test.each(exact)('linear_shard, %s, 67×140×132: equal for whole numbers', (variant) =>
  check({ N: 67, M: 140, K: 132 }, variant, integerArray, 0),
);

describe.each(ofRing(TILES, { test: isTypicalTile, quick: isDefaultVariant }))('linear_shard, %s', (variant) => {
  // A sequential sum of 512 products has a relative error of about √512 · 2⁻²⁴ = 1.3e-6; the largest of many errors is 3
  // times that.
  test('64×160×512: random numbers', () => check({ N: 64, M: 160, K: 512 }, variant, randomArray, 4e-6));

  test('y equals the product with the whole weight, bit for bit', async () => {
    const { memory, x, whole, split, bias } = operands({ N: 70, M: 200, K: 96 }, randomArray);
    const g = new Graph();
    const [expected, y] = [linear(g, x, whole, bias), linear(g, x, split, bias)];
    const results = await runOnGpu(g.steps, memory, [expected, y], { variant });
    expect(results.get(y)).toEqual(results.get(expected));
  });
});

describe.each(ofRing(FEW_ROWS, { quick: isDefaultVariant }))('linear_shard, %s', (variant) => {
  test.each<Case>([
    { N: 1, M: 65, K: 1 },
    { N: 3, M: 130, K: 123 },
    { N: 4, M: 192, K: 256 },
  ])('$N×$M×$K: equal for whole numbers', (size) => check(size, variant, integerArray, 0));
});
