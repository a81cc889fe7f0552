import type { Reference } from '../reference';

/** Returns an id's row in 32-bit arithmetic: the id −1 (0xffffffff) is the row before the offset. */
const rowOf = (id: number, offset: number): number => (id + offset) >>> 0;

export const embedding: Reference = ({ ids, weight, before, y }, { N, C, first, count, offset, scale, has_before }) => {
  for (let n = 0; n < N!; n++) {
    const row = rowOf(ids![n]!, offset!) - first!;
    const isOwn = row >= 0 && row < count!;
    for (let c = 0; c < C!; c++) {
      if (isOwn) y![n * C! + c] = scale! * weight![row * C! + c]!;
      else if (has_before) y![n * C! + c] = before![n * C! + c]!;
    }
  }
};

export const embedding_links: Reference = ({ ids, links }, { N, V, offset }) => {
  const rows = Array.from({ length: N! }, (_, n) => Math.min(rowOf(ids![n]!, offset!), V! - 1));
  rows.forEach((row, n) => {
    const next = rows.indexOf(row, n + 1);
    links![n] = (next < 0 ? N! : next) + (rows.indexOf(row) < n ? 2 ** 31 : 0);
  });
};

export const embedding_backward: Reference = ({ ids, dy, dw }, { N, C, offset, padding, scale }) => {
  for (let n = 0; n < N!; n++) {
    if (ids![n] === padding) continue;
    for (let c = 0; c < C!; c++) dw![rowOf(ids![n]!, offset!) * C! + c]! += scale! * dy![n * C! + c]!;
  }
};
