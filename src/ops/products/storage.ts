import { WebVeraError } from '../../core/errors/error';
import { formatShape } from '../../core/numbers/shape';
import { storages } from '../../core/numbers/storage';
import type { Value } from '../../graph/value';

/** How lines of left operand and result are accessed: `vec4` if all are whole vec4s, `ragged` if only the left's are. */
export type Lines = (typeof LINES)[number];
export const LINES = ['vec4', 'ragged', 'scalar'] as const;
/** How the lines of the right operand are stored: as `core/numbers/storage.ts` says, or in f32 with any length (`scalar`). */
export type RightStorage = (typeof RIGHT_STORAGES)[number];
export const RIGHT_STORAGES = ['f32', 'f16', 'bf16', 'q8', 'q4', 'scalar'] as const;

/** How lines of these lengths are accessed: as vec4s only if the lines, and K along them, are multiples of 4. */
export function linesOf(left: readonly number[], result = 4): Lines {
  if (left.some((length) => length % 4 !== 0)) return 'scalar';
  return result % 4 === 0 ? 'vec4' : 'ragged';
}

/** Throws `invalid_argument` for lines that the storage can't hold: loaders widen those to f32. */
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
