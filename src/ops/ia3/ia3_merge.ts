import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { expectPlaced, type PoolVector } from '../rows/pool_vector';
import { widen } from '../rows/widen';
import { flatKernel } from '../shader_kernel';

export const ia3MergeKernel = flatKernel({
  name: 'ia3_merge',
  bindings: { pool: 'read', into: 'update' },
  params: { M: 'size', K: 'size', vector_at: 'place', by_columns: 'u32' },
  threads: ({ M, K }) => M * K,
  flops: ({ M, K }) => M * K,
});

/**
 * into = diag(l)·matrix if `by` is 'rows', or matrix·diag(l) if it is 'columns'. `into` (M, K) is a pinned f32 value other than the matrix,
 * and is overwritten. A vector counts as a matrix of one row. Has no gradient.
 */
export function ia3Merge(g: Graph, matrix: Value, vector: PoolVector, by: 'rows' | 'columns', into: Value): void {
  const { pool, offset: vector_at } = vector;
  const { rows: M, columns: K } = rowsAndColumns(matrix.shape);
  expectPlaced('ia3_merge', vector, by === 'columns' ? K : M);
  widen(g, matrix, into);
  g.emit(ia3MergeKernel, { pool, into }, {}, { M, K, vector_at, by_columns: Number(by === 'columns') });
}
