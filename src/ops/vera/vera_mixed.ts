import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { expectDtype } from '../expect_dtype';
import { expectTable, type MixedTable } from '../mixed/mixed_table';
import { linesOf, rightStorage } from '../products/operand_storage';
import { defineProduct } from '../products/product';
import { flatKernel } from '../shader_kernel';

export const veraMixedScale = flatKernel({
  name: 'vera_mixed_scale',
  bindings: { u: 'read', table: 'read', slots: 'read', which: 'read', v: 'write' },
  params: { N: 'size', R: 'size', T: 'size', module_index: 'place', adapters: 'u32' },
  with: ['mixed_slot'],
  threads: ({ N, R }) => N * R,
  inVec4: ({ R }) => R % 4 === 0,
  flops: ({ N, R }) => N * R,
});

export const veraMixedAdd = defineProduct({
  name: 'vera_mixed_add',
  bindings: { v: 'read', B: 'read', y: 'read', table: 'read', slots: 'read', which: 'read', z: 'write' },
  params: { N: 'size', M: 'size', R: 'size', T: 'size', module_index: 'place', adapters: 'u32' },
  libs: ['operands_of_up', 'mixed_slot'],
  left: 'rows',
  right: 'rows',
  fewRows: true,
  size: ({ N, M, R }) => [N, M, R],
});

/** Several adapters with the same A and B that are used in one batch. An entry of `slots` has the offsets of λ_b and λ_d. */
export interface VeraMixed extends MixedTable {
  /** (…, R), from `veraDown`. */
  readonly u: Value;
  /** (≥ out, R), f32. */
  readonly B: Value;
}

/**
 * Computes y + λ_b ⊙ (B[:out]·(λ_d ⊙ u)), where λ_b and λ_d are those of each batch row's own adapter: y (…, out) has T tokens for each
 * batch row. Batch rows whose adapter doesn't wrap the module stay unchanged. Has no gradient: throws `internal` if one would be needed.
 */
export function veraMixed(g: Graph, y: Value, { u, B, ...mixed }: VeraMixed): Value {
  const { rows: N, columns: M } = rowsAndColumns(y.shape);
  const { columns: R } = rowsAndColumns(u.shape);
  expectShape('vera_mixed u', u.shape, [...y.shape.slice(0, -1), R]);
  expectShape('vera_mixed B', B.shape, [Math.max(B.shape[0] ?? 0, M), R]);
  expectDtype('vera_mixed', 'f32', { B });
  expectTable(g, 'vera_mixed', mixed, { N, entry: [2], operands: [y, u, B] });
  const { table, slots, which, place, T } = mixed;
  const params = { N, R, T, module_index: place, adapters: slots.shape[1] ?? 0 };
  const { v } = g.emit(veraMixedScale, { u, table, slots, which }, { v: u.shape }, params);
  const kernel = veraMixedAdd.kernel(linesOf([R], M), rightStorage(B));
  return g.emit(kernel, { v, B, y, table, slots, which }, { z: y.shape }, { ...params, M }).z;
}
