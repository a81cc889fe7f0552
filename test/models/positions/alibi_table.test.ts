import { expect, test } from 'vitest';
import { alibiTable } from '../../../src/models/positions/alibi_table';

const column = (H: number, head: number, positions: readonly number[]): number[] => {
  const table = alibiTable(H, 2048);
  return positions.map((position) => table[position * H + head] as number);
};

test('rows are positions, columns heads', () => {
  expect(alibiTable(4, 3)).toEqual(
    Float32Array.of(0, 0, 0, 0, 2 ** -2, 2 ** -4, 2 ** -6, 2 ** -8, 2 ** -1, 2 ** -3, 2 ** -5, 2 ** -7),
  );
});

test('biases are those of transformers’ build_alibi_tensor(…, 12, …), rounded as there', () => {
  const positions = [1, 5, 257, 1999];
  expect(column(12, 0, positions)).toEqual([0.5, 2.5, 128, 1000]);
  expect(column(12, 7, positions)).toEqual([0.00390625, 0.01953125, 1, 7.8125]);
  // 12 isn't a power of two, so heads from 8 on use a second series of slopes.
  expect(column(12, 8, positions)).toEqual([0.70703125, 3.53125, 181, 1416]);
  expect(column(12, 11, positions)).toEqual([0.08837890625, 0.44140625, 22.625, 177]);
});
