import { WebVeraError } from '../../core/errors/error';
import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Value } from '../../graph/value';

/**
 * The pools of several adapters that have the same layout (a pool holds an adapter's trained parameters), and the index of the pool that
 * each batch row uses.
 */
export interface MixedPools {
  /** f32 (adapters, stride): one pool in each row. It may train. */
  readonly table: Value;
  /** u32 (batch rows): the index of each batch row's adapter, below `adapters`. */
  readonly which: Value;
  /** f32 (adapters): the factor by which each adapter's gradients are multiplied. */
  readonly scales: Value;
  /** The number of tokens in a batch row. */
  readonly T: number;
}

/** A vector of C elements in each pool. Each batch row uses the vector of its own adapter. */
export interface MixedVector extends MixedPools {
  /** The vector's offset in each pool, in floats: a multiple of 4. */
  readonly offset: number;
}

/** Throws `invalid_argument` unless x (…, C) can be scaled by a vector at this offset of the pools. */
export function expectMixed(op: string, x: Value, { table, which, scales, offset, T }: MixedVector): void {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const [adapters = 0, stride = 0] = table.shape;
  expectShape(`${op} table`, table.shape, [adapters, stride]);
  expectShape(`${op} which`, which.shape, [N / T]);
  expectShape(`${op} scales`, scales.shape, [adapters]);
  if (offset >= 0 && offset % 4 === 0 && stride % 4 === 0 && offset + C <= stride) return;
  throw new WebVeraError(
    'invalid_argument',
    `${op}: expected an offset and lines of multiples of 4 with room for ${C} numbers, got ${offset} of ${stride}`,
  );
}
