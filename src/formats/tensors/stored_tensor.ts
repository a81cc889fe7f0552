import type { StorageName } from '../../core/numbers/storage_names';
import type { RawTensor } from './safetensors';
import type { TensorInfo } from './safetensors_header';

/** How a tensor's elements are packed in a file. */
interface Packed {
  /** The device's packed storage format to which the elements can be converted. */
  readonly name: StorageName;
  /** Whether the file holds the transpose, packed row by row. */
  readonly transposed: boolean;
}

/** A tensor's description, which is read before its elements. */
export interface TensorHeader extends Pick<TensorInfo, 'name' | 'dtype' | 'shape'> {
  /** Set if the elements are packed in the file and can be converted to a packed storage format of the device. */
  readonly packed?: Packed | undefined;
}

/** Rows of a tensor, with their bytes in a buffer of their own. */
export interface TensorRows extends RawTensor {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Rows of a tensor without their dtype. */
export type Rows = Pick<TensorRows, 'shape' | 'bytes'>;

/** A tensor that is being read: its rows are taken in order, and rows that aren't taken are skipped. */
export interface StoredTensor extends TensorHeader {
  /** Takes the next `rows` rows (for a vector, elements); by default all that are left. Throws the source's errors. */
  take(rows?: number): Promise<TensorRows>;
  /** Set if the header's `packed` is set. Its own `take` returns packed words, whereas `take` above unpacks the rows. */
  readonly packed?: PackedRows | undefined;
}

export interface PackedRows extends Packed {
  /** Takes the next rows as packed words. If `transposed` is set, these are rows of the transpose. */
  take(rows?: number): Promise<Uint32Array<ArrayBuffer>>;
}

/** Reads a tensor's rows from bytes as they arrive. */
export class RowReader {
  readonly #shape: readonly number[];
  readonly #rowBytes: number;
  readonly #read: (bytes: number) => Promise<Uint8Array<ArrayBuffer>>;
  #left: number;

  /** `read` returns the next bytes of the tensor in a new buffer. */
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

/** Creates a tensor whose elements aren't packed. */
export function plainTensor({ name, dtype, shape }: TensorHeader, rows: Pick<RowReader, 'take'>): StoredTensor {
  return {
    name,
    dtype,
    shape,
    take: async (count) => ({ dtype, ...(await rows.take(count)) }),
  };
}

/** Returns a `read` function for `RowReader` over bytes in memory. */
export function reading(bytes: Uint8Array<ArrayBuffer>): (count: number) => Promise<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return async (count) => {
    const taken = count === bytes.length ? bytes : bytes.slice(at, at + count);
    at += count;
    return taken;
  };
}
