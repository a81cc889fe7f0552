import { f16ToNumber, f32ToF16 } from './float16';
import { rowsAndColumns, type Shape } from './shape';

/**
 * Packed numbers: codes of 8 or 4 bits in groups of 32 along a row. A row is a word for each group, then its codes. A group's word
 * holds two halves:
 * - `q8`: the scale of its first 16 numbers and that of the others. number = scale · (code − 128)
 * - `q4`: scale and minimum. number = scale · code + minimum. Of each eight numbers, the low bits of a word's bytes are the first four.
 */
export type PackedName = 'q8' | 'q4';

const BITS = { q8: 8, q4: 4 };
/** Numbers of a group. */
export const GROUP = 32;
/** Numbers of `q8` with one scale. */
const HALF_GROUP = GROUP / 2;
/** The code of `q8` that stands for 0. */
export const Q8_ZERO = 128;
const Q8_MOST = 127;
const Q4_MOST = 15;
const LARGEST_HALF = 65504;

export function packedBytes(shape: Shape, name: PackedName): number {
  const { rows, columns } = rowsAndColumns(shape);
  return 4 * rows * wordsOf(columns, name);
}

/** A row's. */
function wordsOf(columns: number, name: PackedName): number {
  return columns / GROUP + (columns * BITS[name]) / 32;
}

/** The words of a matrix, and where what is in them. Columns are a multiple of `GROUP`. */
export class PackedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #name: PackedName;
  readonly #rowWords: number;
  readonly #halves: Uint16Array;
  readonly #bytes: Uint8Array;

  /** Of words that are there, or of new ones. */
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

  /** The bits of the first or second half in the word of the group that a column is in. */
  half(row: number, column: number, which: 0 | 1): number {
    return this.#halves[this.#halfAt(row, column, which)] ?? 0;
  }

  setHalf(row: number, column: number, which: 0 | 1, bits: number): void {
    this.#halves[this.#halfAt(row, column, which)] = bits;
  }

  code(row: number, column: number): number {
    const byte = this.#bytes[this.#byteAt(row, column)] ?? 0;
    return this.#name === 'q8' ? byte : (byte >> (column & 4)) & Q4_MOST;
  }

  /** Once for each column: codes of 4 bits are added to others in their byte. */
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

/** Within half a step of each number: a step is a 127th of the largest magnitude among its 16. */
export function packQ8(numbers: Float32Array, shape: Shape): Uint32Array<ArrayBuffer> {
  const matrix = new PackedMatrix(shape, 'q8');
  const { rows, columns, words } = matrix;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += HALF_GROUP) {
      const begin = row * columns + column;
      let largest = 0;
      for (let i = begin; i < begin + HALF_GROUP; i++) largest = Math.max(largest, Math.abs(numbers[i] ?? 0));
      const scale = scaleTo(largest, Q8_MOST);
      matrix.setHalf(row, column, column % GROUP === 0 ? 0 : 1, scale.bits);
      for (let i = 0; i < HALF_GROUP; i++) {
        const code = scale.number === 0 ? 0 : Math.round((numbers[begin + i] ?? 0) / scale.number);
        matrix.setCode(row, column + i, Q8_ZERO + Math.min(Math.max(code, -Q8_MOST), Q8_MOST));
      }
    }
  }
  return words;
}

/** Within half a step of each number, and its minimum's rounding to a half: a step is a 15th of what its 32 span. */
export function packQ4(numbers: Float32Array, shape: Shape): Uint32Array<ArrayBuffer> {
  const matrix = new PackedMatrix(shape, 'q4');
  const { rows, columns, words } = matrix;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += GROUP) {
      const begin = row * columns + column;
      let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = begin; i < begin + GROUP; i++) {
        const number = numbers[i] ?? 0;
        least = Math.min(least, number);
        most = Math.max(most, number);
      }
      const minimum = asHalf(least);
      const scale = scaleTo(most - minimum.number, Q4_MOST);
      matrix.setHalf(row, column, 0, scale.bits);
      matrix.setHalf(row, column, 1, minimum.bits);
      for (let i = 0; i < GROUP; i++) {
        const above = (numbers[begin + i] ?? 0) - minimum.number;
        const code = scale.number === 0 ? 0 : Math.round(above / scale.number);
        matrix.setCode(row, column + i, Math.min(Math.max(code, 0), Q4_MOST));
      }
    }
  }
  return words;
}

export function unpackQ8(bytes: ArrayBuffer, shape: Shape): Float32Array<ArrayBuffer> {
  const matrix = new PackedMatrix(shape, 'q8', bytes);
  const { rows, columns } = matrix;
  const numbers = new Float32Array(rows * columns);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += HALF_GROUP) {
      const scale = f16ToNumber(matrix.half(row, column, column % GROUP === 0 ? 0 : 1));
      for (let i = column; i < column + HALF_GROUP; i++) numbers[at++] = scale * (matrix.code(row, i) - Q8_ZERO);
    }
  }
  return numbers;
}

export function unpackQ4(bytes: ArrayBuffer, shape: Shape): Float32Array<ArrayBuffer> {
  const matrix = new PackedMatrix(shape, 'q4', bytes);
  const { rows, columns } = matrix;
  const numbers = new Float32Array(rows * columns);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += GROUP) {
      const [scale, minimum] = [f16ToNumber(matrix.half(row, column, 0)), f16ToNumber(matrix.half(row, column, 1))];
      for (let i = column; i < column + GROUP; i++) numbers[at++] = scale * matrix.code(row, i) + minimum;
    }
  }
  return numbers;
}

/** The nearest half; what is larger than halves are becomes the largest. */
export function asHalf(number: number): { readonly bits: number; readonly number: number } {
  const within = Math.min(Math.max(number, -LARGEST_HALF), LARGEST_HALF);
  const [bits = 0] = f32ToF16(Float32Array.of(within));
  return { bits, number: f16ToNumber(bits) };
}

/** What takes the largest code to within half a step of `reach`: the nearest half, or the next where those are far apart. */
function scaleTo(reach: number, largestCode: number): { readonly bits: number; readonly number: number } {
  const half = asHalf(reach / largestCode);
  const isFar = reach > half.number * (largestCode + 0.5) && half.number < LARGEST_HALF;
  return isFar ? { bits: half.bits + 1, number: f16ToNumber(half.bits + 1) } : half;
}
