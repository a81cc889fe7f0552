import { WebVeraError } from '../../core/errors/error';
import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';

/** An entry in `Ia3Mixed.slots`: the adapter has no vector for this place. */
export const NO_VECTOR = 0xffffffff;

export const ia3MixedKernel = flatKernel({
  name: 'ia3_mixed',
  bindings: { x: 'read', table: 'read', slots: 'read', which: 'read', sum: 'read', y: 'write' },
  params: { N: 'size', C: 'size', T: 'size', module_index: 'place', adapters: 'u32', has_sum: 'u32' },
  threads: ({ N, C }) => N * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ N, C }) => N * C,
});

/** Several adapters that are used in one batch: each batch row uses one of them, or none. */
export interface Ia3Mixed {
  /** The pools of all adapters (a pool holds an adapter's trained vectors), concatenated by `copyInto`: one-dimensional. */
  readonly table: Value;
  /**
   * u32 (places, adapters): the offset in `table` of each adapter's vector l for each place, a multiple of 4; or `NO_VECTOR`. A place is
   * the input or output of a module, which adapters scale.
   */
  readonly slots: Value;
  /** u32 (batch rows): the index of each batch row's adapter. An index beyond the adapters in `slots` means no adapter. */
  readonly which: Value;
  /** The index of x in the first dimension of `slots`. */
  readonly place: number;
  /** The number of tokens in a batch row. */
  readonly T: number;
}

/**
 * l ⊙ x + residual, with the vector l of each batch row's own adapter. x (…, C) has T tokens for each batch row. If the adapter has no
 * vector for this place, the result is x + residual. Has no gradient: throws `internal` if one would be needed.
 */
export function ia3Mixed(g: Graph, x: Value, { table, slots, which, place, T }: Ia3Mixed, residual?: Value): Value {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const [places = 0, adapters = 0] = slots.shape;
  for (const value of [x, table, ...(residual === undefined ? [] : [residual])]) {
    if (g.trains(value)) throw new WebVeraError('internal', `ia3_mixed: ${value.name} has no gradient here`);
  }
  if (residual !== undefined) expectShape('ia3_mixed residual', residual.shape, x.shape);
  expectShape('ia3_mixed table', table.shape, [table.shape[0] ?? 0]);
  expectShape('ia3_mixed slots', slots.shape, [Math.max(places, place + 1), adapters]);
  expectShape('ia3_mixed which', which.shape, [N / T]);
  if (slots.dtype !== 'u32' || which.dtype !== 'u32' || table.dtype !== 'f32') {
    throw new WebVeraError(
      'invalid_argument',
      `ia3_mixed: expected slots and rows' adapters in u32 and the table in f32, got ${slots.dtype}, ${which.dtype} and ${table.dtype}`,
    );
  }
  const params = { N, C, T, module_index: place, adapters, has_sum: Number(residual !== undefined) };
  return g.emit(ia3MixedKernel, { x, table, slots, which, sum: residual ?? x }, { y: x.shape }, params).y;
}
