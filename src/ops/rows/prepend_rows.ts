import { WebVeraError } from '../../core/errors/error';
import { expectShape, numel, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';
import { accumulatedIn, columnSum } from './column_sum';
import { sliceColumnsForward } from './slice_columns';

export const prependRowsKernel = flatKernel({
  name: 'prepend_rows',
  bindings: { x: 'read', rows: 'read', y: 'write' },
  params: { B: 'size', T: 'size', C: 'size', R: 'size' },
  threads: ({ B, T, C, R }) => B * (R + T) * C,
});

/**
 * Inserts `rows` (R·C elements in f32) before each of the B parts of x (B·T, C): (B·(R + T), C). If the rows train, their gradient
 * accumulates in the buffer passed to `Graph.grad`. Throws `invalid_argument` unless x has B equal parts.
 */
export function prependRows(g: Graph, x: Value, rows: Value, B: number): Value {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const T = N / B;
  if (!(Number.isInteger(T) && B > 0)) {
    throw new WebVeraError('invalid_argument', `prepend_rows x: expected ${B} equal parts, got ${N} rows`);
  }
  const R = Math.max(1, Math.floor(numel(rows.shape) / C));
  expectShape('prepend_rows rows', [numel(rows.shape)], [R * C]);
  const { y } = g.emit(prependRowsKernel, { x, rows }, { y: [B * (R + T), C] }, { B, T, C, R });
  g.differentiate(y, [x, rows], (dy, [toX, toRows]) => {
    // The R + T rows of a part are read as one long row: its first R·C columns are the inserted rows, and the others are the T rows of x.
    const parts = { N: B, C: (R + T) * C };
    const others = { ...parts, start: R * C, count: T * C };
    const dx = toX.wanted ? g.emit(sliceColumnsForward, { x: dy }, { y: x.shape }, others).y : undefined;
    const drows = toRows.wanted ? accumulatedIn(toRows, rows) : undefined;
    if (drows !== undefined) {
      expectShape('prepend_rows gradient', drows.shape, rows.shape);
      const first = g.emit(sliceColumnsForward, { x: dy }, { y: [B, R * C] }, { ...parts, start: 0, count: R * C }).y;
      g.emit(columnSum, { x: first, sums: drows }, {}, { N: B, C: R * C });
    }
    return [dx && passOn(g, dx, toX), drows];
  });
  return y;
}
