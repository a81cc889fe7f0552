import { WebVeraError } from '../../core/errors/error';
import { expectShape, numel, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';

export const gatherRowsKernel = flatKernel({
  name: 'gather_rows',
  bindings: { x: 'read', rows: 'read', y: 'write' },
  params: { start: 'place', count: 'size', C: 'size' },
  threads: ({ count, C }) => count * C,
});

export const scatterRowsKernel = flatKernel({
  name: 'scatter_rows',
  bindings: { y: 'read', rows: 'read', block: 'read', x: 'update' },
  params: { start: 'place', count: 'size', C: 'size' },
  with: ['step_block'],
  threads: ({ count, C }) => count * C,
});

/** A range of entries in a list of row indices. */
export interface RowRange {
  readonly start: number;
  readonly count: number;
}

/** Returns the rows of x (N, C) whose indices are the entries start … start + count − 1 of `rows`: (count, C). Has no gradient. */
export function gatherRows(g: Graph, x: Value, rows: Value, range: RowRange): Value {
  const { columns: C } = rowsAndColumns(x.shape);
  expectRange(rows, range);
  return g.emit(gatherRowsKernel, { x, rows }, { y: [range.count, C] }, { ...range, C }).y;
}

/**
 * Writes y (count, C) to the rows of x (N, C) that `gatherRows` read, and leaves the other rows unchanged. Only the first entries of `rows`
 * are valid, and they must be distinct; the step block has their number, `labelled`.
 */
export function scatterRows(
  g: Graph,
  { y, rows, block, x }: { readonly y: Value; readonly rows: Value; readonly block: Value; readonly x: Value },
  range: RowRange,
): void {
  const { columns: C } = rowsAndColumns(x.shape);
  expectRange(rows, range);
  expectShape('scatter_rows y', y.shape, [range.count, C]);
  g.emit(scatterRowsKernel, { y, rows, block, x }, {}, { ...range, C });
}

function expectRange(rows: Value, { start, count }: RowRange): void {
  if (start + count <= numel(rows.shape)) return;
  throw new WebVeraError(
    'invalid_argument',
    `rows: expected at least ${start + count} entries, got ${numel(rows.shape)}`,
  );
}
