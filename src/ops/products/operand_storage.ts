import { WebVeraError } from '../../core/errors/error';
import { formatShape } from '../../core/numbers/shape';
import type { StorageName } from '../../core/numbers/storage_names';
import { storageOf, type Value } from '../../graph/value';

/**
 * How the lines (the rows of a matrix as stored in memory) of the left operand and of the result are accessed. `vec4`: all their lengths
 * are multiples of 4; `ragged`: only those of the left operand are; else `scalar`.
 */
export type Lines = (typeof LINES)[number];
export const LINES = ['vec4', 'ragged', 'scalar'] as const;
/** The storage format of a right operand: one of `core/numbers/storage.ts`, or f32 with rows of any length (`scalar`). */
export type RightStorage = StorageName | 'scalar';

/** The shader files that read four values of a right operand, for each storage format. */
export const RIGHT_READERS: Readonly<Record<RightStorage, readonly string[]>> = {
  f32: ['right_f32', 'right_words_of_four', 'right_places_of_four'],
  f16: ['right_f16', 'right_words_of_four', 'right_places_of_four'],
  bf16: ['right_bf16', 'right_words_of_four', 'right_places_of_four'],
  q8: ['right_q8', 'right_places_of_four'],
  q4: ['right_q4', 'right_places_of_four'],
  scalar: ['right_scalar'],
};

/** All storage formats that the right operand of a matrix product may have. */
export const RIGHT_STORAGES = Object.keys(RIGHT_READERS) as readonly RightStorage[];

/** The storage formats of a matrix that a kernel can add to a matrix product, each with the value of the kernel's param `half`. */
export const ADDENDS: Readonly<Partial<Record<StorageName, 0 | 1>>> = { f32: 0, f16: 1 };

/** Returns how lines are accessed (see `Lines`). `left` has the row lengths of the left operands, `result` is that of the result. */
export function linesOf(left: readonly number[], result = 4): Lines {
  if (left.some((length) => length % 4 !== 0)) return 'scalar';
  return result % 4 === 0 ? 'vec4' : 'ragged';
}

/**
 * Returns the storage format of a right operand. Throws `invalid_argument` if the format doesn't support rows of this length. Loaders avoid
 * this: they convert such matrices to f32.
 */
export function rightStorage(value: Value): RightStorage {
  const columns = value.shape.at(-1) ?? 0;
  if (value.dtype === 'f32') return columns % 4 === 0 ? 'f32' : 'scalar';
  const { name, rowMultiple } = storageOf(value);
  if (columns % rowMultiple === 0) return name;
  throw new WebVeraError(
    'invalid_argument',
    `${value.name}: expected f32, or rows of a multiple of ${rowMultiple}, got ${name} ${formatShape(value.shape)}`,
  );
}
