import flatIndex from '../../../shaders/lib/flat_index.wgsl?raw';
import stepBlock from '../../../shaders/lib/step_block.wgsl?raw';
import gatherWgsl from '../../../shaders/rows/gather_rows.wgsl?raw';
import scatterWgsl from '../../../shaders/rows/scatter_rows.wgsl?raw';
import { WebVeraError } from '../../core/errors/error';
import { defineKernel, flatGrid } from '../../core/kernels/kernel';
import { expectShape, numel, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';

export const gatherRowsKernel = defineKernel({
  name: 'gather_rows',
  bindings: { x: 'read', rows: 'read', y: 'write' },
  params: { start: 'place', count: 'size', C: 'size' },
  variants: [{ wgsl: [gatherWgsl, flatIndex], workgroups: ({ count, C }) => flatGrid(count * C) }],
});

export const scatterRowsKernel = defineKernel({
  name: 'scatter_rows',
  bindings: { y: 'read', rows: 'read', block: 'read', x: 'update' },
  params: { start: 'place', count: 'size', C: 'size' },
  variants: [{ wgsl: [scatterWgsl, flatIndex, stepBlock], workgroups: ({ count, C }) => flatGrid(count * C) }],
});

/** A part of a list of rows. */
export interface RowRange {
  readonly start: number;
  readonly count: number;
}

/** The rows of x (N, C) at the indices in entries start … start + count − 1 of `rows`: (count, C). Has no gradient. */
export function gatherRows(g: Graph, x: Value, rows: Value, range: RowRange): Value {
  const { columns: C } = rowsAndColumns(x.shape);
  expectRange(rows, range);
  return g.emit(gatherRowsKernel, { x, rows }, { y: [range.count, C] }, { ...range, C }).y;
}

/**
 * Writes y (count, C) to the rows of x (N, C) that `gatherRows` read, and leaves the other rows unchanged. Only the first `labelled`
 * entries of `rows`, from the step block, are valid, and they must be distinct.
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
