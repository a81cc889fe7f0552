import { WebVeraError } from '../../core/errors/error';
import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import { storageOf, type Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';
import { byStorage } from './stored';

export const widenKernel = byStorage((stored) =>
  flatKernel({
    name: 'widen',
    bindings: { matrix: 'read', y: 'update' },
    params: { M: 'size', K: 'size' },
    with: [...stored],
    threads: ({ M, K }) => M * K,
  }),
);

/**
 * Converts a matrix of any storage format to f32 and writes it to `into` (M, K), a pinned f32 value that is overwritten. Has no gradient.
 */
export function widen(g: Graph, matrix: Value, into: Value): void {
  if (g.trains(matrix)) throw new WebVeraError('internal', `widen: ${matrix.name} has no gradient`);
  expectShape('widen into', into.shape, matrix.shape);
  const { rows: M, columns: K } = rowsAndColumns(matrix.shape);
  g.emit(widenKernel[storageOf(matrix).name], { matrix, y: into }, {}, { M, K });
}
