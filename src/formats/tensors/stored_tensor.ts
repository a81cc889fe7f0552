import type { RawTensor } from './safetensors';
import type { Packed, TensorHeader } from './tensor_header';

/** Rows of a tensor; their bytes lie in a buffer of their own. */
export interface TensorRows extends RawTensor {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The same without what their numbers are made of. */
export type Rows = Pick<TensorRows, 'shape' | 'bytes'>;

/** A tensor as it comes in: its rows are taken one after the other, and what nobody takes is skipped. */
export interface StoredTensor extends TensorHeader {
  /** The next so many rows (of a vector, elements); without a number, all that are left. Throws what the source throws. */
  take(rows?: number): Promise<TensorRows>;
  /** Where the file packs numbers as the device may have them: how, and the next rows' words. `take` widens them. */
  readonly packed?: PackedRows | undefined;
}

export interface PackedRows extends Packed {
  /** Of the transpose, where that is what the file has. */
  take(rows?: number): Promise<Uint32Array<ArrayBuffer>>;
}

/** Takes a tensor's rows out of bytes that come. */
export class RowReader {
  readonly #shape: readonly number[];
  readonly #rowBytes: number;
  readonly #read: (bytes: number) => Promise<Uint8Array<ArrayBuffer>>;
  #left: number;

  /** `read` gives the next so many of the tensor's bytes, in a buffer of their own. */
  constructor(shape: readonly number[], bytes: number, read: (bytes: number) => Promise<Uint8Array<ArrayBuffer>>) {
    this.#shape = shape;
    this.#left = shape[0] ?? 1;
    this.#rowBytes = this.#left === 0 ? 0 : bytes / this.#left;
    this.#read = read;
  }

  get bytesLeft(): number {
    return this.#left * this.#rowBytes;
  }

  async take(rows = this.#left): Promise<Rows> {
    const count = Math.min(rows, this.#left);
    this.#left -= count;
    const shape = this.#shape.length === 0 ? [] : [count, ...this.#shape.slice(1)];
    return { shape, bytes: await this.#read(count * this.#rowBytes) };
  }
}

/** A tensor whose bytes are its elements'. */
export function plainTensor({ name, dtype, shape }: TensorHeader, rows: RowReader): StoredTensor {
  return {
    name,
    dtype,
    shape,
    take: async (count) => ({ dtype, ...(await rows.take(count)) }),
  };
}

/** Takes bytes that are there already. */
export function reading(bytes: Uint8Array<ArrayBuffer>): (count: number) => Promise<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return async (count) => {
    const taken = count === bytes.length ? bytes : bytes.slice(at, at + count);
    at += count;
    return taken;
  };
}
