import { f16ToNumber, f32ToF16, LARGEST_HALF } from './float16';
import { rowsAndColumns, type Shape } from './shape';

/**
 * A form of packed numbers. A row has one 32-bit word for each group of 32 numbers, then the codes of all groups. A group's word holds two
 * float16 numbers: a scale for each `run` of numbers, or a scale and a minimum.
 */
export interface PackedForm {
  /** Bits of a code. */
  readonly bits: number;
  /** Numbers that share a scale: 16 or 32. */
  readonly run: number;
  /** Whether number = scale · code + minimum; else number = scale · (code − `zero`). */
  readonly hasMinimum: boolean;
  readonly zero: number;
  /** The smallest and the largest value of code − `zero` that `pack` writes. */
  readonly least: number;
  readonly most: number;
  /** Reads the code of a column. `at` is the first byte of the row's codes. */
  code(bytes: Uint8Array, at: number, column: number): number;
  /** Writes the code of a column. Call it once for each column, over zeros, because columns may share a byte. */
  setCode(bytes: Uint8Array, at: number, column: number, code: number): void;
}

/** Numbers of a group. */
export const GROUP = 32;
/** The minimum in forms without one: −0 leaves even −0 unchanged when added. */
const NO_MINIMUM = -0;

/** Codes of 8 bits; every 16 numbers have a scale. */
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

/** Codes of 4 bits; every 32 numbers have a scale and a minimum. The low nibbles of a word are its first four codes. */
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

/** The words of a packed matrix. Its columns are a multiple of `GROUP`. */
export class PackedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #form: PackedForm;
  readonly #rowWords: number;
  readonly #halves: Uint16Array;
  readonly #bytes: Uint8Array;

  /** Views the words at the beginning of `buffer`, or new words of zeros. */
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

  /** The scale of the number in a column. */
  scale(row: number, column: number): number {
    return f16ToNumber(this.#halves[this.#scaleAt(row, column)] ?? 0);
  }

  setScale(row: number, column: number, bits: number): void {
    this.#halves[this.#scaleAt(row, column)] = bits;
  }

  /** The minimum of the number in a column. */
  minimum(row: number, column: number): number {
    return this.#form.hasMinimum ? f16ToNumber(this.#halves[this.#groupAt(row, column) + 1] ?? 0) : NO_MINIMUM;
  }

  /** Only for forms with minimums. */
  setMinimum(row: number, column: number, bits: number): void {
    this.#halves[this.#groupAt(row, column) + 1] = bits;
  }

  code(row: number, column: number): number {
    return this.#form.code(this.#bytes, this.#codesAt(row), column);
  }

  /** Writes a code. Call it once for each column. */
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
 * Packs a matrix, each number to within half a step. Without minimums, a step is the largest magnitude of a run divided by the largest
 * code. With minimums, it is the range of a run divided by the largest code. The minimum is rounded to float16, and a number below the
 * rounded minimum may be off by that rounding.
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

/** The nearest float16. Numbers beyond the largest float16 become the largest. */
export function asHalf(number: number): { readonly bits: number; readonly number: number } {
  const within = Math.min(Math.max(number, -LARGEST_HALF), LARGEST_HALF);
  const [bits = 0] = f32ToF16(Float32Array.of(within));
  return { bits, number: f16ToNumber(bits) };
}

/**
 * The scale with which the largest code comes within half a step of `reach`: the nearest float16, or the next larger one if the nearest is
 * too small.
 */
function scaleTo(reach: number, largestCode: number): { readonly bits: number; readonly number: number } {
  const half = asHalf(reach / largestCode);
  const isFar = reach > half.number * (largestCode + 0.5) && half.number < LARGEST_HALF;
  return isFar ? { bits: half.bits + 1, number: f16ToNumber(half.bits + 1) } : half;
}
