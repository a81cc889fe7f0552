import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { NO_SLOT } from '../../../src/ops/mixed/mixed_table';
import { veraMixed } from '../../../src/ops/vera/vera_mixed';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  isDefaultVariant,
  OF_SHARED_TILES,
  runOnGpu,
  TILES,
  withVariants,
} from '../../helpers/gpu/on_gpu';
import { type MixedSizes, MODULE, mixedBatch } from '../../helpers/maths/mixed_batch';
import { type Fill, integerArray, randomArray } from '../../helpers/maths/random';
import { coveringOfRing, ofRing } from '../../helpers/ring';
import type { Memory } from '../../reference/runner';

const small: Fill = (length, seed) => integerArray(length, seed, 2);

function mixed(sizes: MixedSizes, fill: Fill) {
  const memory: Memory = new Map();
  const g = new Graph();
  const { y, pools, layouts, ...operands } = mixedBatch(g, memory, sizes, fill);
  return { g, memory, y, z: veraMixed(g, y, { ...operands, place: MODULE, T: sizes.T }) };
}

const fewRows = withVariants<MixedSizes>(
  ['register', ...FEW_ROWS],
  [
    { M: 1, R: 1, T: 1, which: [0] },
    { M: 7, R: 6, T: 1, which: [2, 1, 0] },
    { M: 12, R: 3, T: 1, which: [0, NO_SLOT, 2, 1] },
    { M: 9, R: 8, T: 2, which: [2, 0] },
    { M: 8, R: 264, T: 1, which: [1, 2, 0, 2] },
  ],
);
const tiles = withVariants<MixedSizes>(TILES, [
  { M: 5, R: 6, T: 3, which: [0, 1, 2, 3] },
  { M: 63, R: 65, T: 1, which: Array.from({ length: 67 }, (_, n) => n % 4) },
  { M: 132, R: 60, T: 5, which: [2, 2, 0, 1, 0, NO_SLOT, 1, 0, 2, 0, 1, 2, 0] },
  { M: 66, R: 68, T: 123, which: [2, 0] },
]);
// Each variant and each shape occurs in some case. Only the tests of `linear` run every variant with every way to read rows (`Lines`).
const cases = [fewRows, tiles].flatMap((all) =>
  coveringOfRing(all, ({ variant, M, T }) => [variant, `${M} columns, ${T} tokens`], OF_SHARED_TILES),
);

// With small whole numbers, every partial sum stays below 2²⁴, so f32 is exact in any order.
test.each(cases)('vera_mixed, $variant, M=$M R=$R T=$T: equal for whole numbers', async ({ variant, ...sizes }) => {
  const { g, memory, z } = mixed(sizes, small);
  await expectGpuEqualsReference(g, memory, [z], 0, { variant });
});

test.each(ofRing(TILES, { test: isDefaultVariant }))(
  'vera_mixed, %s, 576 columns, r 256, 4×64 rows: random numbers',
  async (variant) => {
    const { g, memory, z } = mixed({ M: 576, R: 256, T: 64, which: [2, 0, 1, 2] }, randomArray);
    // A sum of 256 products has a relative error of about √256 · 2⁻²⁴; the largest of many errors is 4 times that.
    await expectGpuEqualsReference(g, memory, [z], 4e-6, { variant });
  },
);

test.each([
  { M: 37, R: 22 },
  { M: 36, R: 24 },
])('rows without an adapter are bit for bit as before, also where u is not finite: M=$M R=$R', async ({ M, R }) => {
  const { g, memory, y, z } = mixed({ M, R, T: 3, which: [1, NO_SLOT, 3, 7] }, randomArray);
  for (const [value, numbers] of memory) if (value.name === 'u') numbers.fill(Number.NaN);
  expect((await runOnGpu(g.steps, memory, [z])).get(z)).toEqual(memory.get(y));
});
