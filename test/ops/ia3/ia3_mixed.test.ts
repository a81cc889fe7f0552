import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { ia3Mixed } from '../../../src/ops/ia3/ia3_mixed';
import { NO_SLOT } from '../../../src/ops/mixed/mixed_table';
import { runReference } from '../../reference/runner';
import { mixedRows } from './mixed_rows';

test.each([
  { C: 1, T: 1, which: [0] },
  { C: 7, T: 3, which: [1, 2, 0, 5] },
  { C: 8, T: 2, which: [2, NO_SLOT, 1] },
])('ia3_mixed C=$C T=$T: each row is scaled by its own adapter', ({ C, T, which }) => {
  const { g, memory, x, y, residual, operands, offsets } = mixedRows(C, T, which);
  runReference(g.steps, memory);
  memory.get(y)!.forEach((value, at) => {
    const offset = offsets[which[Math.floor(at / C / T)]!] ?? NO_SLOT;
    const l = offset === NO_SLOT ? 1 : memory.get(operands.table)![offset + (at % C)]!;
    expect(value).toBe(l * memory.get(x)![at]! + memory.get(residual)![at]!);
  });
});

test('ia3_mixed has no gradient, and refuses what would need one', () => {
  const { x, operands } = mixedRows(4, 1, [0]);
  const g = new Graph();
  g.train(operands.table);
  expect(() => ia3Mixed(g, x, operands)).toThrow(expect.objectContaining({ code: 'internal' }));
});

test('ia3_mixed: refuses rows that are no whole number of texts, places that are not there, and other types', () => {
  const { x, operands } = mixedRows(4, 2, [0, 1]);
  expect(() => ia3Mixed(new Graph(), x, { ...operands, T: 3 })).toThrow(/ia3_mixed which/);
  expect(() => ia3Mixed(new Graph(), x, { ...operands, place: 2 })).toThrow(/ia3_mixed slots/);
  const floats = pinned('which', [2]);
  expect(() => ia3Mixed(new Graph(), x, { ...operands, which: floats })).toThrow(/expected which in u32, got f32/);
});
