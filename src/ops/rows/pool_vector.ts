import { WebVeraError } from '../../core/errors/error';
import type { Value } from '../../graph/value';

/** A vector in a pool, such as the buffer of all trained parameters of an adapter. */
export interface PoolVector {
  /** One-dimensional. */
  readonly pool: Value;
  /** The vector's offset in floats: a multiple of 4. */
  readonly offset: number;
}

/** Throws `invalid_argument` unless the pool contains `length` numbers at the offset. */
export function expectPlaced(kernel: string, { pool, offset }: PoolVector, length: number): void {
  const [size = 0] = pool.shape;
  const isPlaced = Number.isInteger(offset) && offset >= 0 && offset % 4 === 0 && offset + length <= size;
  if (pool.shape.length === 1 && pool.dtype === 'f32' && isPlaced) return;
  throw new WebVeraError(
    'invalid_argument',
    `${kernel}: expected a pool with ${length} numbers at ${offset}, a multiple of 4, got ${pool.dtype} [${pool.shape}]`,
  );
}
