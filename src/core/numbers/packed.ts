import { f16ToNumber, f32ToF16 } from './float16';
import { rowsAndColumns, type Shape } from './shape';

/**
 * Packed numbers: codes of 8 or 4 bits in groups of 32 along a row. A row has one word for each group, followed by its codes. A group's
 * word holds two float16:
 * - `q8`: the scale of its first 16 numbers and the scale of the last 16. number = scale · (code − 128)
 * - `q4`: scale and minimum. number = scale · code + minimum. A word holds eight numbers: the low 4 bits of its bytes are the first four.
 */
export type PackedName = 'q8' | 'q4';

/** Numbers in a group. */
export const GROUP = 32;
/** The code of `q8` that stands for 0. */
export const Q8_ZERO = 128;
/** `run` numbers share a scale. A code is `zero` plus a step from `least` to `most`. */
const CODES = {
  q8: { bits: 8, run: GROUP / 2, zero: Q8_ZERO, least: -127, most: 127 },
  q4: { bits: 4, run: GROUP, zero: 0, least: 0, most: 15 },
} as const;
/** The minimum of `q8`: adding −0 changes no number, not even −0. */
const NO_MINIMUM = -0;
const LARGEST_HALF = 65504;

export function packedBytes(shape: Shape, name: PackedName): number {
  const { rows, columns } = rowsAndColumns(shape);
  return 4 * rows * wordsOf(columns, name);
}

/** Words of a row. */
function wordsOf(columns: number, name: PackedName): number {
  return columns / GROUP + (columns * CODES[name].bits) / 32;
}

/** The words of a packed matrix, with access to scales and codes. The number of columns is a multiple of `GROUP`. */
export class PackedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #name: PackedName;
  readonly #rowWords: number;
  readonly #halves: Uint16Array;
  readonly #bytes: Uint8Array;

  /** A view of existing words, or a new matrix. */
  constructor(shape: Shape, name: PackedName, buffer = new ArrayBuffer(packedBytes(shape, name))) {
    const { rows, columns } = rowsAndColumns(shape);
    this.rows = rows;
    this.columns = columns;
    this.#name = name;
    this.#rowWords = wordsOf(columns, name);
    this.words = new Uint32Array(buffer, 0, rows * this.#rowWords);
    this.#halves = new Uint16Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** The bits of the first or second float16 in the word of a column's group. */
  half(row: number, column: number, which: 0 | 1): number {
    return this.#halves[this.#halfAt(row, column, which)] ?? 0;
  }

  setHalf(row: number, column: number, which: 0 | 1, bits: number): void {
    this.#halves[this.#halfAt(row, column, which)] = bits;
  }

  code(row: number, column: number): number {
    const byte = this.#bytes[this.#byteAt(row, column)] ?? 0;
    return this.#name === 'q8' ? byte : (byte >> (column & 4)) & 0xf;
  }

  /** Call it once for each column: 4-bit codes are combined with the other code in their byte. */
  setCode(row: number, column: number, code: number): void {
    const at = this.#byteAt(row, column);
    if (this.#name === 'q8') this.#bytes[at] = code;
    else this.#bytes[at] = (this.#bytes[at] ?? 0) | (code << (column & 4));
  }

  #halfAt(row: number, column: number, which: 0 | 1): number {
    return 2 * (row * this.#rowWords + Math.floor(column / GROUP)) + which;
  }

  #byteAt(row: number, column: number): number {
    const first = 4 * (row * this.#rowWords + this.columns / GROUP);
    return first + (this.#name === 'q8' ? column : 4 * (column >> 3) + (column & 3));
  }
}

/**
 * Packs numbers, each within half a step. In `q8` a step is 1/127 of the largest magnitude among 16 numbers; in `q4` it is 1/15 of the
 * range of 32 numbers, whose minimum is rounded to float16.
 */
export function pack(numbers: Float32Array, shape: Shape, name: PackedName): Uint32Array<ArrayBuffer> {
  const matrix = new PackedMatrix(shape, name);
  const { rows, columns, words } = matrix;
  const { run, zero, least, most } = CODES[name];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += run) {
      const begin = row * columns + column;
      let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = begin; i < begin + run; i++) {
        const number = numbers[i] ?? 0;
        low = Math.min(low, number);
        high = Math.max(high, number);
      }
      let [minimum, reach] = [NO_MINIMUM, Math.max(-low, high)];
      if (name === 'q4') {
        const half = asHalf(low);
        [minimum, reach] = [half.number, high - half.number];
        matrix.setHalf(row, column, 1, half.bits);
      }
      const scale = scaleTo(reach, most);
      matrix.setHalf(row, column, halfOfScale(column), scale.bits);
      for (let i = 0; i < run; i++) {
        const steps = scale.number === 0 ? 0 : Math.round(((numbers[begin + i] ?? 0) - minimum) / scale.number);
        matrix.setCode(row, column + i, zero + Math.min(Math.max(steps, least), most));
      }
    }
  }
  return words;
}

export function unpack(bytes: ArrayBuffer, shape: Shape, name: PackedName): Float32Array<ArrayBuffer> {
  const matrix = new PackedMatrix(shape, name, bytes);
  const { rows, columns } = matrix;
  const { run, zero } = CODES[name];
  const numbers = new Float32Array(rows * columns);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += run) {
      const scale = f16ToNumber(matrix.half(row, column, halfOfScale(column)));
      const minimum = name === 'q4' ? f16ToNumber(matrix.half(row, column, 1)) : NO_MINIMUM;
      for (let i = column; i < column + run; i++) numbers[at++] = scale * (matrix.code(row, i) - zero) + minimum;
    }
  }
  return numbers;
}

/** The float16 of a group's word that holds the scale of the 16 numbers beginning at `column`. */
function halfOfScale(column: number): 0 | 1 {
  return column % GROUP === 0 ? 0 : 1;
}

/** The nearest float16; larger magnitudes become the largest float16. */
export function asHalf(number: number): { readonly bits: number; readonly number: number } {
  const within = Math.min(Math.max(number, -LARGEST_HALF), LARGEST_HALF);
  const [bits = 0] = f32ToF16(Float32Array.of(within));
  return { bits, number: f16ToNumber(bits) };
}

/**
 * The scale that brings the largest code to within half a step of `reach`: the nearest float16, or the next one if float16 is too coarse
 * there.
 */
function scaleTo(reach: number, largestCode: number): { readonly bits: number; readonly number: number } {
  const half = asHalf(reach / largestCode);
  const isFar = reach > half.number * (largestCode + 0.5) && half.number < LARGEST_HALF;
  return isFar ? { bits: half.bits + 1, number: f16ToNumber(half.bits + 1) } : half;
}
