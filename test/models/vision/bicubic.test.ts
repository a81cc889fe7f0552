import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { resizedPositions } from '../../../src/models/vision/bicubic';

interface Row {
  readonly antialias: boolean;
  readonly from: number;
  readonly to: number;
  readonly table: readonly number[];
  readonly positions: readonly number[];
}

const rows: readonly Row[] = JSON.parse(readFileSync('test/golden/positions.json', 'utf8')).rows;

/** Multiplies the matrix by a table of one feature. */
function resized({ table, ...square }: Row): readonly number[] {
  const weights = resizedPositions(square);
  return Array.from({ length: square.to ** 2 + 1 }, (_, row) =>
    table.reduce((sum, number, column) => sum + number * weights[row * table.length + column]!, 0),
  );
}

describe.each(rows)('$from to $to patches an edge, antialiased: $antialias', (row) => {
  test('the positions are those of transformers', () => {
    const made = resized(row);
    expect(made).toHaveLength(row.positions.length);
    // torch computes weights and sums in f32; the first token's position stays as it is.
    made.forEach((number, index) => void expect(Math.abs(number - row.positions[index]!)).toBeLessThanOrEqual(2e-6));
    expect(made[0]).toBe(row.table[0]);
  });
});

test('each position is a mean whose weights add up to 1', () => {
  const weights = resizedPositions({ from: 37, to: 16, antialias: false });
  expect(weights).toHaveLength(257 * 1370);
  for (let row = 0; row < 257; row++) {
    const line = weights.subarray(row * 1370, (row + 1) * 1370);
    expect(line.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    expect(line.filter((weight) => weight !== 0).length).toBeLessThanOrEqual(16);
  }
});

test('as many patches as before have the same positions', () => {
  const weights = resizedPositions({ from: 3, to: 3, antialias: true });
  const identity = Float32Array.from({ length: 100 }, (_, at) => Number(at % 11 === 0));
  expect([...weights].map((weight) => Math.abs(weight))).toEqual([...identity]);
});
