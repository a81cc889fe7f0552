import rightBf16 from '../../../shaders/products/lib/right/right_bf16.wgsl?raw';
import rightF16 from '../../../shaders/products/lib/right/right_f16.wgsl?raw';
import rightF32 from '../../../shaders/products/lib/right/right_f32.wgsl?raw';
import rightPlacesOfFour from '../../../shaders/products/lib/right/right_places_of_four.wgsl?raw';
import rightQ4 from '../../../shaders/products/lib/right/right_q4.wgsl?raw';
import rightQ8 from '../../../shaders/products/lib/right/right_q8.wgsl?raw';
import rightScalar from '../../../shaders/products/lib/right/right_scalar.wgsl?raw';
import rightWordsOfFour from '../../../shaders/products/lib/right/right_words_of_four.wgsl?raw';
import { WebVeraError } from '../../core/errors/error';
import { formatShape } from '../../core/numbers/shape';
import type { StorageName } from '../../core/numbers/storage_names';
import { storageOf, type Value } from '../../graph/value';

/** How lines of the left operand and the result are accessed: `vec4` if all are multiples of 4, `ragged` if only the left ones are. */
export type Lines = (typeof LINES)[number];
export const LINES = ['vec4', 'ragged', 'scalar'] as const;
/** The storage of the right operand's lines: one of `core/numbers/storage.ts`, or f32 with any length (`scalar`). */
export type RightStorage = StorageName | 'scalar';

/** The files that read four numbers of a right operand, by its storage. */
export const RIGHT_READERS: Readonly<Record<RightStorage, readonly string[]>> = {
  f32: [rightF32, rightWordsOfFour, rightPlacesOfFour],
  f16: [rightF16, rightWordsOfFour, rightPlacesOfFour],
  bf16: [rightBf16, rightWordsOfFour, rightPlacesOfFour],
  q8: [rightQ8, rightPlacesOfFour],
  q4: [rightQ4, rightPlacesOfFour],
  scalar: [rightScalar],
};

/** All storages of a right operand. */
export const RIGHT_STORAGES = Object.keys(RIGHT_READERS) as readonly RightStorage[];

/** The storages of a matrix that a product adds to its result: for each, the param `half` of the kernel. */
export const ADDENDS: Readonly<Partial<Record<StorageName, 0 | 1>>> = { f32: 0, f16: 1 };

/** The access for lines of these lengths: vec4 only if the lines, and K along them, are multiples of 4. */
export function linesOf(left: readonly number[], result = 4): Lines {
  if (left.some((length) => length % 4 !== 0)) return 'scalar';
  return result % 4 === 0 ? 'vec4' : 'ragged';
}

/** The storage of a right operand. Throws `invalid_argument` for rows that the storage doesn't support: loaders widen those to f32. */
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
