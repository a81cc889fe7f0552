import { WebVeraError } from '../../core/errors/error';
import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { linesOf, rightStorage } from '../products/operand_storage';
import { defineProduct } from '../products/product';
import { flatKernel } from '../shader_kernel';

/** An entry in `VeraMixed.slots`: the adapter doesn't wrap this module. */
export const NO_SLOT = 0xffffffff;

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

/** Several adapters with the same A and B that are used in one batch: each batch row uses one of them, or none. */
export interface VeraMixed {
  /** (…, R), from `veraDown`. */
  readonly u: Value;
  /** (≥ out, R), f32. */
  readonly B: Value;
  /** The pools of all adapters (a pool holds an adapter's trained vectors), concatenated by `copyInto`: one-dimensional. */
  readonly table: Value;
  /**
   * u32 (modules, adapters, 2): for each module and adapter, the offsets of λ_b and λ_d in the table, which are multiples of 4; or
   * `NO_SLOT` twice.
   */
  readonly slots: Value;
  /** u32 (batch rows): the index of each batch row's adapter. An index beyond the adapters in `slots` means no adapter. */
  readonly which: Value;
  /** The module's index in `slots`. */
  readonly module: number;
  /** The number of tokens in a batch row. */
  readonly T: number;
}

/**
 * Computes y + λ_b ⊙ (B[:out]·(λ_d ⊙ u)), where λ_b and λ_d are those of each batch row's own adapter: y (…, out) has T tokens for each
 * batch row. Batch rows whose adapter doesn't wrap the module stay unchanged. Has no gradient: throws `internal` if one would be needed.
 */
export function veraMixed(g: Graph, y: Value, { u, B, table, slots, which, module, T }: VeraMixed): Value {
  const { rows: N, columns: M } = rowsAndColumns(y.shape);
  const { columns: R } = rowsAndColumns(u.shape);
  const [modules = 0, adapters = 0] = slots.shape;
  for (const value of [y, u, B, table]) {
    if (g.trains(value)) throw new WebVeraError('internal', `vera_mixed: ${value.name} has no gradient here`);
  }
  expectShape('vera_mixed u', u.shape, [...y.shape.slice(0, -1), R]);
  expectShape('vera_mixed B', B.shape, [Math.max(B.shape[0] ?? 0, M), R]);
  expectShape('vera_mixed table', table.shape, [table.shape[0] ?? 0]);
  expectShape('vera_mixed slots', slots.shape, [Math.max(modules, module + 1), adapters, 2]);
  expectShape('vera_mixed which', which.shape, [N / T]);
  if (slots.dtype !== 'u32' || which.dtype !== 'u32' || B.dtype !== 'f32' || table.dtype !== 'f32') {
    throw new WebVeraError(
      'invalid_argument',
      `vera_mixed: expected slots and rows' adapters in u32, B and the table in f32, got ${slots.dtype}, ` +
        `${which.dtype}, ${B.dtype} and ${table.dtype}`,
    );
  }
  const params = { N, R, T, module_index: module, adapters };
  const { v } = g.emit(veraMixedScale, { u, table, slots, which }, { v: u.shape }, params);
  const kernel = veraMixedAdd.kernel(linesOf([R], M), rightStorage(B));
  return g.emit(kernel, { v, B, y, table, slots, which }, { z: y.shape }, { ...params, M }).z;
}
