import { f16ToNumber, f32ToF16, LARGEST_HALF } from './float16';
import { rowsAndColumns, type Shape } from './shape';

/**
 * A format of packed (quantised) matrices. A row begins with one 32-bit word for each group of 32 elements; the codes of all groups follow.
 * A group's word holds two float16 numbers: a scale for each half of the group, or a scale and a minimum for the group.
 */
export interface PackedForm {
  /** The number of bits of a code. */
  readonly bits: number;
  /** How many adjacent elements share a scale: 16 or 32. */
  readonly run: number;
  /** If true, an element is scale · code + minimum; if false, it is scale · (code − `zero`). */
  readonly hasMinimum: boolean;
  readonly zero: number;
  /** The smallest and the largest value of code − `zero` that `pack` writes. */
  readonly least: number;
  readonly most: number;
  /** Reads the code of a column. The row's codes begin at byte `at`. */
  code(bytes: Uint8Array, at: number, column: number): number;
  /** Writes the code of a column. Call it only once for each column, on bytes that were zeros, because columns may share a byte. */
  setCode(bytes: Uint8Array, at: number, column: number, code: number): void;
}

/** How many elements a group has. */
export const GROUP = 32;
/** The minimum in formats without minimums. Adding −0 changes no number, not even −0. */
const NO_MINIMUM = -0;

/** Codes of 8 bits, with a scale for every 16 elements. */
export const Q8: PackedForm = {
  bits: 8,
  run: GROUP / 2,
  hasMinimum: false,
  zero: 128,
  least: -127,
  most: 127,
  code: (bytes, at, column) => bytes[at + column] ?? 0,
  setCode(bytes, at, column, code) {
    bytes[at + column] = code;
  },
};

/** Codes of 4 bits, with a scale and a minimum for every 32 elements. The low nibbles of a word's bytes are its first four codes. */
export const Q4: PackedForm = {
  bits: 4,
  run: GROUP,
  hasMinimum: true,
  zero: 0,
  least: 0,
  most: 15,
  code: (bytes, at, column) => ((bytes[at + nibbleByte(column)] ?? 0) >> (column & 4)) & 0xf,
  setCode(bytes, at, column, code) {
    bytes[at + nibbleByte(column)] = (bytes[at + nibbleByte(column)] ?? 0) | (code << (column & 4));
  },
};

function nibbleByte(column: number): number {
  return 4 * (column >> 3) + (column & 3);
}

export function packedBytes(shape: Shape, form: PackedForm): number {
  const { rows, columns } = rowsAndColumns(shape);
  return 4 * rows * rowWords(columns, form);
}

function rowWords(columns: number, { bits }: PackedForm): number {
  return columns / GROUP + (columns * bits) / 32;
}

/** A packed matrix, as words in memory. The number of its columns is a multiple of `GROUP`. */
export class PackedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #form: PackedForm;
  readonly #rowWords: number;
  readonly #halves: Uint16Array;
  readonly #bytes: Uint8Array;

  /** Uses the words at the beginning of `buffer` without copying them. Default: a new buffer of zeros. */
  constructor(shape: Shape, form: PackedForm, buffer = new ArrayBuffer(packedBytes(shape, form))) {
    const { rows, columns } = rowsAndColumns(shape);
    this.rows = rows;
    this.columns = columns;
    this.#form = form;
    this.#rowWords = rowWords(columns, form);
    this.words = new Uint32Array(buffer, 0, rows * this.#rowWords);
    this.#halves = new Uint16Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** Returns the scale of the element at `row` and `column`. */
  scale(row: number, column: number): number {
    return f16ToNumber(this.#halves[this.#scaleAt(row, column)] ?? 0);
  }

  setScale(row: number, column: number, bits: number): void {
    this.#halves[this.#scaleAt(row, column)] = bits;
  }

  /** Returns the minimum of the group that contains the element at `row` and `column`. */
  minimum(row: number, column: number): number {
    return this.#form.hasMinimum ? f16ToNumber(this.#halves[this.#groupAt(row, column) + 1] ?? 0) : NO_MINIMUM;
  }

  /** Writes the minimum of a column's group as float16 bits. Only for formats with minimums. */
  setMinimum(row: number, column: number, bits: number): void {
    this.#halves[this.#groupAt(row, column) + 1] = bits;
  }

  code(row: number, column: number): number {
    return this.#form.code(this.#bytes, this.#codesAt(row), column);
  }

  /** Writes a code. Call it only once for each row and column. */
  setCode(row: number, column: number, code: number): void {
    this.#form.setCode(this.#bytes, this.#codesAt(row), column, code);
  }

  #scaleAt(row: number, column: number): number {
    return this.#groupAt(row, column) + (column % GROUP < this.#form.run ? 0 : 1);
  }

  #groupAt(row: number, column: number): number {
    return 2 * (row * this.#rowWords + Math.floor(column / GROUP));
  }

  #codesAt(row: number): number {
    return 4 * (row * this.#rowWords + this.columns / GROUP);
  }
}

/**
 * Packs a matrix: rounds each element to a whole number of steps. In formats without minimums, a step is the largest magnitude of the
 * elements that share a scale, divided by `form.most`. In formats with minimums, a step is the range of these elements divided by
 * `form.most`. The minimum is rounded to float16, and an element below the rounded minimum may be off by that rounding.
 */
export function pack(numbers: Float32Array, shape: Shape, form: PackedForm): Uint32Array<ArrayBuffer> {
  const matrix = new PackedMatrix(shape, form);
  const { rows, columns, words } = matrix;
  const { run, zero, least, most } = form;
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
      if (form.hasMinimum) {
        const half = asHalf(low);
        [minimum, reach] = [half.number, high - half.number];
        matrix.setMinimum(row, column, half.bits);
      }
      const scale = scaleTo(reach, most);
      matrix.setScale(row, column, scale.bits);
      for (let i = 0; i < run; i++) {
        const steps = scale.number === 0 ? 0 : Math.round(((numbers[begin + i] ?? 0) - minimum) / scale.number);
        matrix.setCode(row, column + i, zero + Math.min(Math.max(steps, least), most));
      }
    }
  }
  return words;
}

export function unpack(bytes: ArrayBuffer, shape: Shape, form: PackedForm): Float32Array<ArrayBuffer> {
  const matrix = new PackedMatrix(shape, form, bytes);
  const { rows, columns } = matrix;
  const { run, zero } = form;
  const numbers = new Float32Array(rows * columns);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += run) {
      const scale = matrix.scale(row, column);
      const minimum = matrix.minimum(row, column);
      for (let i = column; i < column + run; i++) numbers[at++] = scale * (matrix.code(row, i) - zero) + minimum;
    }
  }
  return numbers;
}

/** Rounds a number to the nearest finite float16. */
export function asHalf(number: number): { readonly bits: number; readonly number: number } {
  const within = Math.min(Math.max(number, -LARGEST_HALF), LARGEST_HALF);
  const [bits = 0] = f32ToF16(Float32Array.of(within));
  return { bits, number: f16ToNumber(bits) };
}

/**
 * Returns the scale with which the largest code represents `reach` to within half a step: the float16 nearest to `reach / largestCode`, or
 * the next larger one if the nearest is too small.
 */
function scaleTo(reach: number, largestCode: number): { readonly bits: number; readonly number: number } {
  const half = asHalf(reach / largestCode);
  const isFar = reach > half.number * (largestCode + 0.5) && half.number < LARGEST_HALF;
  return isFar ? { bits: half.bits + 1, number: f16ToNumber(half.bits + 1) } : half;
}
