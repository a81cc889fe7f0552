import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { expectTable, type MixedTable } from '../mixed/mixed_table';
import { flatKernel } from '../shader_kernel';

export const ia3MixedKernel = flatKernel({
  name: 'ia3_mixed',
  bindings: { x: 'read', table: 'read', slots: 'read', which: 'read', sum: 'read', y: 'write' },
  params: { N: 'size', C: 'size', T: 'size', module_index: 'place', adapters: 'u32', has_sum: 'u32' },
  threads: ({ N, C }) => N * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ N, C }) => N * C,
});

/**
 * l ⊙ x + residual, with the vector l of each batch row's own adapter, whose offset is its entry in `slots`. x (…, C) has T tokens for each
 * batch row. If the adapter has no vector for this place, the result is x + residual. Has no gradient: throws `internal` if one would be
 * needed.
 */
export function ia3Mixed(g: Graph, x: Value, mixed: MixedTable, residual?: Value): Value {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  if (residual !== undefined) expectShape('ia3_mixed residual', residual.shape, x.shape);
  expectTable(g, 'ia3_mixed', mixed, { N, entry: [], operands: [x, residual ?? x] });
  const { table, slots, which, place, T } = mixed;
  const adapters = slots.shape[1] ?? 0;
  const params = { N, C, T, module_index: place, adapters, has_sum: Number(residual !== undefined) };
  return g.emit(ia3MixedKernel, { x, table, slots, which, sum: residual ?? x }, { y: x.shape }, params).y;
}
