import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Grid } from '../../src/core/kernels/kernel';
import { batchesOf, type DispatchPiece } from '../../src/gpu/dispatch_batches';

interface Sizes {
  readonly grid: Grid;
  readonly flops: number;
  readonly splits: boolean;
}

const one = (flops: number, grid: Grid = [10], splits = true): Sizes => ({ grid, flops, splits });
const flopsOf = (pieces: readonly DispatchPiece<Sizes>[]): number[] => pieces.map(({ flops }) => flops);

function batches(
  dispatches: readonly Sizes[],
  flops: number,
  dispatchFlops: number,
): (readonly DispatchPiece<Sizes>[])[] {
  return [...batchesOf(dispatches, { flops, dispatchFlops })];
}

test('dispatches that fit stay whole, in as few submits as the budget allows', () => {
  const dispatches = [one(30), one(30), one(50), one(0), one(90), one(20)];
  const made = batches(dispatches, 60, 100);
  expect(made.map(flopsOf)).toEqual([[30, 30], [50, 0], [90], [20]]);
  expect(made.flat().map(({ dispatch }) => dispatch)).toEqual(dispatches);
  for (const { dispatch, grid, first } of made.flat()) expect([grid, first]).toEqual([dispatch.grid, undefined]);
});

test('a dispatch that is too long is cut evenly along the longer side, each piece in a submit of its own', () => {
  const wide = batches([one(5), one(100, [10, 7, 3]), one(5)], 60, 45);
  expect(wide.flat().map(({ grid, first }) => [grid, first])).toEqual([
    [[10], undefined],
    [
      [4, 7, 3],
      [0, 0],
    ],
    [
      [3, 7, 3],
      [4, 0],
    ],
    [
      [3, 7, 3],
      [7, 0],
    ],
    [[10], undefined],
  ]);
  expect(wide.map(flopsOf)).toEqual([[5], [40], [30], [30], [5]]);
  const tall = batches([one(100, [2, 8])], 60, 50);
  expect(tall.flat().map(({ grid, first }) => [grid, first])).toEqual([
    [
      [2, 4, 1],
      [0, 0],
    ],
    [
      [2, 4, 1],
      [0, 4],
    ],
  ]);
});

test('no piece is less than a row of workgroups, and a dispatch without splits stays whole', () => {
  expect(batches([one(100, [3, 2])], 1, 1)).toHaveLength(3);
  expect(batches([one(100, [1, 1, 50])], 1, 1).flat()).toMatchObject([{ first: undefined }]);
  expect(batches([one(100, [10], false)], 1, 1).flat()).toMatchObject([{ first: undefined, flops: 100 }]);
});

test('a budget that changes on the way applies to the rest', () => {
  const budget = { flops: 10, dispatchFlops: 10 };
  const sizes: number[] = [];
  for (const [piece] of batchesOf([one(100)], budget)) {
    sizes.push(piece?.flops ?? 0);
    budget.dispatchFlops = 50;
  }
  expect(sizes).toEqual([10, 50, 40]);
});

test('the pieces cover the grid once', () => {
  const size = fc.integer({ min: 1, max: 70 });
  fc.assert(
    fc.property(size, size, size, fc.double({ min: 1e-3, max: 2, noNaN: true }), (x, y, z, share) => {
      const pieces = batches([one(1e9, [x, y, z])], 1e9, share * 1e9).flat();
      const seen = new Uint8Array(x * y);
      for (const { grid, first, flops } of pieces) {
        const [nx, ny = 1, nz = 1] = grid;
        const [fx, fy] = first ?? [0, 0];
        expect(nz).toBe(z);
        const isLeast = (x >= y ? nx : ny) === 1;
        expect(isLeast || flops <= share * 1e9 * (1 + 1e-9)).toBe(true);
        for (let i = fx; i < fx + nx; i++) for (let j = fy; j < fy + ny; j++) seen[i * y + j]! += 1;
      }
      expect(seen.every((times) => times === 1)).toBe(true);
      expect(pieces.reduce((sum, { flops }) => sum + flops, 0)).toBeCloseTo(1e9, 0);
    }),
  );
});
