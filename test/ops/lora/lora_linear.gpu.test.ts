import { expect, test } from 'vitest';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { Graph } from '../../../src/graph/graph';
import { loraAdd, loraLinears, loraMerge } from '../../../src/ops/lora/lora_linear';
import { loraRows } from '../../../src/ops/lora/lora_rows';
import {
  expectGpuEqualsReference,
  FEW_ROWS,
  input,
  isDefaultVariant,
  OF_SHARED_TILES,
  runOnGpu,
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

/**
 * Builds the forward and backward pass of a layer with two adapters, and a merge of the first adapter. The gradients are added to
 * earlier ones.
 */
function step({ N, K, M, R, dtype = 'f32' }: Case, fill: Fill) {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], fill(N * K, 1));
  const weight = input(memory, 'weight', [M, K], weightArray(M * K, 2, dtype, fill), dtype);
  const bias = input(memory, 'bias', [M], fill(M, 3));
  const residual = input(memory, 'residual', [N, M], fill(N * M, 4));
  const A = input(memory, 'A', [R, K], fill(R * K, 5));
  const B = input(memory, 'B', [M, R], fill(M * R, 6));
  const A2 = input(memory, 'A2', [R, K], fill(R * K, 7));
  const B2 = input(memory, 'B2', [M, R], fill(M * R, 8));
  const biasOfB = input(memory, 'bias of B', [M, 1], fill(M, 9));
  const dy = input(memory, 'dy', [N, M], fill(N * M, 10));
  const merged = input(memory, 'merged', [M, K], fill(M * K, 11));
  const g = new Graph();
  for (const value of [x, A, B, A2, B2, biasOfB]) g.train(value);
  const [y, bare] = loraLinears(g, x, [
    { weight, bias, residual, low: { x, A, B, scale: 2 } },
    { weight, low: { x, A, B, scale: 0.5 } },
  ]);
  const z = loraAdd(g, y!, { x, A: A2, B: B2, bias: biasOfB, scale: 4 });
  const trained = [A, B, A2, B2, biasOfB].map((value, i) => {
    const [rows = 0, columns = 0] = value.shape;
    return [value, input(memory, `d${value.name}`, [rows, columns], fill(rows * columns, 20 + i))] as const;
  });
  const gradients = g.grad(z, dy, new Map([...trained, [x, input(memory, 'earlier', [N, K], fill(N * K, 30))]]));
  loraMerge(g, { A, B, scale: 2 }, merged);
  return { g, memory, wanted: [y!, bare!, z, ...trained.map(([, sum]) => sum), gradients.get(x)!, merged] };
}

/** Makes numbers of −1, 0 and 1. Sums of products of four such numbers are exact in f32, in any order. */
const small: Fill = (length, seed) => integerArray(length, seed, 1);

// All tiles share the code for storage formats and memory layouts, and the tests of `linear` run every tile with every way to
// read rows (`Lines`). So here it is enough that each tile and each shape occurs in some case.
const cases = [
  withVariants<Case>(
    ['register', ...FEW_ROWS],
    [
      { N: 1, K: 1, M: 1, R: 1 },
      { N: 3, K: 5, M: 7, R: 6 },
      { N: 4, K: 8, M: 12, R: 3 },
      { N: 2, K: 6, M: 8, R: 8 },
      { N: 3, K: 64, M: 68, R: 4, dtype: 'f16' },
      { N: 3, K: 64, M: 68, R: 4, dtype: 'q8' },
    ],
  ),
  withVariants<Case>(TILES, [
    { N: 66, K: 68, M: 132, R: 8 },
    { N: 63, K: 65, M: 63, R: 65 },
  ]),
].flatMap((all) =>
  coveringOfRing(all, ({ variant, N, K, dtype = 'f32' }) => [variant, `${N}×${K} of ${dtype}`], OF_SHARED_TILES),
);
test.each(cases)('lora_linear, $variant, $N×$K→$M, r $R, $dtype: equal for whole numbers', async (sizes) => {
  const { g, memory, wanted } = step(sizes, small);
  await expectGpuEqualsReference(g, memory, wanted, 0, { variant: sizes.variant });
});

test.each(ofRing(TILES, { test: isDefaultVariant }))(
  'lora_linear, %s, 64×128→192, r 16: random numbers',
  async (variant) => {
    const { g, memory, wanted } = step({ N: 64, K: 128, M: 192, R: 16 }, randomArray);
    // Chains of two or three sums of up to 192 products each have relative errors of about √192 · 2⁻²⁴; the largest of
    // many errors is 4 times that.
    await expectGpuEqualsReference(g, memory, wanted, 4e-6, { variant });
  },
);

test('the same step gives the same bits', async () => {
  const { g, memory, wanted } = step({ N: 64, K: 64, M: 80, R: 8 }, randomArray);
  const first = await runOnGpu(g.steps, memory, wanted);
  const second = await runOnGpu(g.steps, memory, wanted);
  for (const value of wanted) expect(second.get(value)).toEqual(first.get(value));
});

test.each([
  { R: 1, T: 1, which: [0] },
  { R: 6, T: 3, which: [1, 0, 2, 1] },
  { R: 8, T: 5, which: [2, 1, 1] },
])('lora_rows, $T tokens of $R: equal', async ({ R, T, which }) => {
  const memory: Memory = new Map();
  const N = which.length * T;
  const u = input(memory, 'u', [N, R], randomArray(N * R, 1));
  const rows = { which: input(memory, 'which', [which.length], Float64Array.from(which), 'u32'), adapter: 1, T };
  const g = new Graph();
  const v = loraRows(g, u, rows, 2);
  await expectGpuEqualsReference(g, memory, [v], 0);
});
