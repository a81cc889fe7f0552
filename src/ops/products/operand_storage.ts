import { WebVeraError } from '../../core/errors/error';
import { formatShape } from '../../core/numbers/shape';
import { storages } from '../../core/numbers/storage';
import type { Value } from '../../graph/value';

/** How lines of the left operand and the result are accessed: `vec4` if all are multiples of 4, `ragged` if only the left ones are. */
export type Lines = (typeof LINES)[number];
export const LINES = ['vec4', 'ragged', 'scalar'] as const;
/** The storage of the right operand's lines: see `core/numbers/storage.ts`, or f32 with any length (`scalar`). */
export type RightStorage = (typeof RIGHT_STORAGES)[number];
export const RIGHT_STORAGES = ['f32', 'f16', 'bf16', 'q8', 'q4', 'scalar'] as const;

/** The access for lines of these lengths: vec4 only if the lines, and K along them, are multiples of 4. */
export function linesOf(left: readonly number[], result = 4): Lines {
  if (left.some((length) => length % 4 !== 0)) return 'scalar';
  return result % 4 === 0 ? 'vec4' : 'ragged';
}

/** The storage of a right operand. Throws `invalid_argument` for rows that the storage doesn't support: loaders widen those to f32. */
export function rightStorage({ name, dtype, shape }: Value): RightStorage {
  const columns = shape.at(-1) ?? 0;
  if (dtype === 'f32') return columns % 4 === 0 ? 'f32' : 'scalar';
  const { rowMultiple } = storages[dtype === 'u32' ? 'f32' : dtype];
  if (dtype !== 'u32' && columns % rowMultiple === 0) return dtype;
  throw new WebVeraError(
    'invalid_argument',
    `${name}: expected f32, or rows of a multiple of ${rowMultiple}, got ${dtype} ${formatShape(shape)}`,
  );
}
