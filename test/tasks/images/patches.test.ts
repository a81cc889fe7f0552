import { expect, test } from 'vitest';
import { patchRows } from '../../../src/tasks/images/patches';

/** Two channels of 5 × 5: each number encodes its channel, row and column. */
const pixels = Float32Array.from({ length: 50 }, (_, n) => {
  const [channel, y, x] = [Math.floor(n / 25), Math.floor((n % 25) / 5), n % 5];
  return 100 * channel + 10 * y + x;
});
const sizes = { channels: 2, size: 5, patch: 2, patches: 4 };

test('patches go row by row, each by channel, row and column; what is left over is in none', () => {
  const rows = patchRows([pixels], sizes);
  expect([...rows]).toEqual([
    ...[0, 1, 10, 11, 100, 101, 110, 111],
    ...[2, 3, 12, 13, 102, 103, 112, 113],
    ...[20, 21, 30, 31, 120, 121, 130, 131],
    ...[22, 23, 32, 33, 122, 123, 132, 133],
  ]);
});

test('images come one after the other', () => {
  const rows = patchRows([pixels, pixels.map((number) => number + 1000)], sizes);
  expect(rows.length).toBe(64);
  expect([...rows.subarray(32, 40)]).toEqual([1000, 1001, 1010, 1011, 1100, 1101, 1110, 1111]);
});

test('a product over them is a convolution whose stride is its kernel’s edge', () => {
  const weight = Float32Array.from({ length: 8 }, (_, k) => (k * 7) % 5);
  const rows = patchRows([pixels], sizes);
  const product = Array.from({ length: 4 }, (_, p) => weight.reduce((sum, w, k) => sum + w * rows[8 * p + k]!, 0));
  const convolution = [0, 1].flatMap((top) =>
    [0, 1].map((left) => {
      let sum = 0;
      for (let c = 0; c < 2; c++)
        for (let i = 0; i < 2; i++)
          for (let j = 0; j < 2; j++)
            sum += weight[4 * c + 2 * i + j]! * pixels[25 * c + 5 * (2 * top + i) + 2 * left + j]!;
      return sum;
    }),
  );
  expect(product).toEqual(convolution);
});
