import { numel, type Shape } from '../../../src/core/numbers/shape';
import {
  byteLength,
  type DType,
  pinned,
  pinnedMatrix,
  SHARD_ROWS,
  shardsOf,
  type Value,
} from '../../../src/graph/value';
import type { Memory } from '../../reference/runner';

/** Returns the limit on bindings, in bytes, at which a matrix with `columns` columns is split into the smallest possible shards. */
export function splittingBytes(columns: number, dtype: DType = 'f32'): number {
  return byteLength(pinned('shard', [SHARD_ROWS, columns], dtype));
}

/** Creates a pinned matrix in shards of up to 64 rows, and puts its numbers into `memory`. */
export function inputInShards(
  memory: Memory,
  name: string,
  shape: Shape,
  numbers: Float64Array,
  dtype: DType = 'f32',
): Value {
  const columns = shape[1] ?? 1;
  const matrix = pinnedMatrix(name, shape, dtype, splittingBytes(columns, dtype));
  for (const { value, first } of shardsOf(matrix)) {
    memory.set(value, numbers.slice(columns * first, columns * first + numel(value.shape)));
  }
  return matrix;
}
