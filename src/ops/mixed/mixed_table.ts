import { WebVeraError } from '../../core/errors/error';
import { expectShape, type Shape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { expectDtype } from '../expect_dtype';

/** An entry in `MixedTable.slots`: the adapter doesn't change this place. */
export const NO_SLOT = 0xffffffff;

/** Several adapters that are used in one batch: each batch row uses one of them, or none. */
export interface MixedTable {
  /** The pools of all adapters (a pool holds an adapter's trained vectors), concatenated by `copyInto`: one-dimensional. */
  readonly table: Value;
  /** u32 (places, adapters, …): the offsets in `table` of each adapter's vectors for each place, multiples of 4; or `NO_SLOT`. */
  readonly slots: Value;
  /** u32 (batch rows): the index of each batch row's adapter. An index beyond the adapters in `slots` means no adapter. */
  readonly which: Value;
  /** The index in `slots` of the place that is computed: a module, or its input or output. */
  readonly place: number;
  /** The number of tokens in a batch row. */
  readonly T: number;
}

/**
 * Throws `invalid_argument` unless `slots` has the place, with an entry of the shape `entry` for each adapter, and `which` has N / T rows.
 * Throws `internal` if the table or one of the operands would need a gradient.
 */
export function expectTable(
  g: Graph,
  op: string,
  { table, slots, which, place, T }: MixedTable,
  { N, entry, operands }: { readonly N: number; readonly entry: Shape; readonly operands: readonly Value[] },
): void {
  for (const value of [table, ...operands]) {
    if (g.trains(value)) throw new WebVeraError('internal', `${op}: ${value.name} has no gradient here`);
  }
  const [places = 0, adapters = 0] = slots.shape;
  expectShape(`${op} table`, table.shape, [table.shape[0] ?? 0]);
  expectShape(`${op} slots`, slots.shape, [Math.max(places, place + 1), adapters, ...entry]);
  expectShape(`${op} which`, which.shape, [N / T]);
  expectDtype(op, 'u32', { slots, which });
  expectDtype(op, 'f32', { table });
}
