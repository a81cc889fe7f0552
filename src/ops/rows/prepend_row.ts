import { WebVeraError } from '../../core/errors/error';
import { expectShape, numel, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';
import { accumulatedIn, columnSum } from './column_sum';
import { sliceColumnsForward } from './slice_columns';

export const prependRowKernel = flatKernel({
  name: 'prepend_row',
  bindings: { x: 'read', row: 'read', y: 'write' },
  params: { B: 'size', T: 'size', C: 'size' },
  threads: ({ B, T, C }) => B * (T + 1) * C,
});

/**
 * Inserts `row` (C elements in f32) before each of the B parts of x (B·T, C): (B·(T + 1), C). If the row trains, its gradient accumulates
 * in the buffer passed to `Graph.grad`. Throws `invalid_argument` unless x has B equal parts.
 */
export function prependRow(g: Graph, x: Value, row: Value, B: number): Value {
  const { rows, columns: C } = rowsAndColumns(x.shape);
  const T = rows / B;
  if (!(Number.isInteger(T) && B > 0)) {
    throw new WebVeraError('invalid_argument', `prepend_row x: expected ${B} equal parts, got ${rows} rows`);
  }
  expectShape('prepend_row row', [numel(row.shape)], [C]);
  const { y } = g.emit(prependRowKernel, { x, row }, { y: [rows + B, C] }, { B, T, C });
  g.differentiate(y, [x, row], (dy, [toX, toRow]) => {
    // The T + 1 rows of a part are read as one long row: its first C columns are the inserted row, and the other columns are the T rows of
    // x.
    const parts = { N: B, C: (T + 1) * C };
    const others = { ...parts, start: C, count: T * C };
    const dx = toX.wanted ? g.emit(sliceColumnsForward, { x: dy }, { y: x.shape }, others).y : undefined;
    const drow = toRow.wanted ? accumulatedIn(toRow, row) : undefined;
    if (drow !== undefined) {
      expectShape('prepend_row gradient', drow.shape, row.shape);
      const first = g.emit(sliceColumnsForward, { x: dy }, { y: [B, C] }, { ...parts, start: 0, count: C }).y;
      g.emit(columnSum, { x: first, sums: drow }, {}, { N: B, C });
    }
    return [dx && passOn(g, dx, toX), drow];
  });
  return y;
}
