import { expect, test } from 'vitest';
import type { PoolingMode } from '../../../src/core/pooling/pooling';
import { withoutRegisters } from '../../../src/tasks/pooling/image_pooling';
import { poolingWeights } from '../../../src/tasks/pooling/pooling_weights';

const right = { B: 1, T: 4, attention_mask: [1, 1, 1, 0] };
const left = { B: 1, T: 4, attention_mask: [0, 1, 1, 1] };

test.each<[PoolingMode, number[]]>([
  ['first', [1, 0, 0]],
  ['last', [0, 0, 1]],
  ['max', [1, 1, 1]],
  ['mean', [1 / 3, 1 / 3, 1 / 3]],
  ['mean_sqrt_len_tokens', [1, 1, 1].map((one) => one / Math.sqrt(3))],
  ['weightedmean', [1 / 6, 2 / 6, 3 / 6]],
])('%s, padded on either side', (mode, weights) => {
  expect(poolingWeights(right, [mode])).toEqual(Float32Array.from([...weights, 0]));
  expect(poolingWeights(left, [mode])).toEqual(Float32Array.from([0, ...weights]));
});

test.each<[PoolingMode, number[]]>([
  ['first', [0, 0, 1, 0]],
  ['mean', [0, 0, 1 / 2, 1 / 2]],
  ['weightedmean', [0, 0, 2 / 5, 3 / 5]],
])('%s without the first token of a row', (mode, weights) => {
  expect(poolingWeights(left, [mode], 1)).toEqual(Float32Array.from(weights));
});

test.each<[PoolingMode, number[]]>([
  ['first', [0, 0, 1, 0, 0]],
  ['mean', [0, 0, 1 / 3, 1 / 3, 1 / 3]],
  ['weightedmean', [0, 0, 1 / 6, 2 / 6, 3 / 6]],
])('%s of the tokens of an image after its registers', (mode, weights) => {
  const image = { channels: 3, size: 4, patch: 3, patches: 2, registers: 2 };
  expect(poolingWeights(withoutRegisters({ B: 1, T: 5 }, image), [mode])).toEqual(Float32Array.from(weights));
});

test('several modes of several rows follow each other, and a row of padding has no weights', () => {
  const batch = { B: 2, T: 2, attention_mask: [1, 1, 0, 0] };
  expect([...poolingWeights(batch, ['last', 'mean'])]).toEqual([0, 1, 0, 0, 0.5, 0.5, 0, 0]);
});
