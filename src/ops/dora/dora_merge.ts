import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { expectPlaced } from '../rows/pool_vector';
import { flatKernel } from '../shader_kernel';
import type { Rescaling } from './dora_scale';

export const doraMergeKernel = flatKernel({
  name: 'dora_merge',
  bindings: { pool: 'read', norm: 'read', into: 'update' },
  params: { M: 'size', K: 'size', vector_at: 'place' },
  threads: ({ M, K }) => M * K,
  flops: ({ M, K }) => M * K,
});

/** into = diag(m / norm)·into, where `into` (M, K) is a pinned f32 value, and m and norm are (M). Has no gradient. */
export function doraMerge(g: Graph, { magnitude, norm }: Pick<Rescaling, 'magnitude' | 'norm'>, into: Value): void {
  const { rows: M, columns: K } = rowsAndColumns(into.shape);
  expectPlaced('dora_merge', magnitude, M);
  expectShape('dora_merge norm', norm.shape, [M]);
  const { pool, offset: vector_at } = magnitude;
  g.emit(doraMergeKernel, { pool, norm, into }, {}, { M, K, vector_at });
}
