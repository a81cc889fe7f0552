import type { WebVeraError } from '../../core/errors/error';
import { fileError } from '../file_error';
import { BoundedReader } from '../tensors/bounded_reader';

export type GgufValue = number | boolean | string | readonly (number | boolean | string)[];

/** A numeric type of GGUF, or its boolean type. */
interface Scalar {
  readonly bytes: number;
  read(view: DataView, at: number): number | boolean;
}

const SCALARS: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [0, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [1, { bytes: 1, read: (view, at) => view.getInt8(at) }],
  [2, { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  [3, { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  [4, { bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  [5, { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  [6, { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  [7, { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 }],
  [10, { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) }],
  [11, { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  [12, { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
]);
const TEXT = 8;
const LIST = 9;
/**
 * The largest number of entries in a list of numbers, because a number takes more memory than its bytes in the file. Vocabularies are
 * smaller.
 */
const MOST_NUMBERS = 2 ** 22;
/** An upper limit for the size in bytes of a tensor's description in the header. */
const RECORD_BYTES = 1024;

/**
 * Reads GGUF's numbers, strings and lists from a stream, up to a limit of bytes. Memory is allocated only for bytes that have arrived,
 * whatever length the file claims.
 */
export class GgufReader extends BoundedReader {
  /** Waits until a name or a tensor's description can be read synchronously. Call it before each name and each description. */
  ready(): Promise<void> {
    return this.stream.fetch(RECORD_BYTES);
  }

  /** Reads an unsigned 64-bit integer. Numbers beyond 2^53 are rounded, but they exceed every limit anyway. */
  u64(): number {
    return Number(this.view(8).getBigUint64(0, true));
  }

  name(most: number): string {
    const length = this.u64();
    if (length > most) throw this.invalid(`expected a name of at most ${most} bytes, got ${length}`);
    return this.utf8.decode(this.takeNow(length));
  }

  async value(): Promise<GgufValue> {
    await this.ready();
    const type = this.u32();
    if (type !== LIST) return this.#one(type);
    const [of, count] = [this.u32(), this.u64()];
    if (of !== TEXT) return this.#numbers(of, count);
    const texts: string[] = [];
    while (texts.length < count) {
      if (!this.stream.has(RECORD_BYTES)) await this.ready();
      const length = this.u64();
      this.count(length);
      const isHere = length <= this.stream.available;
      texts.push(this.utf8.decode(isHere ? this.stream.takeNow(length) : await this.stream.take(length)));
    }
    return texts;
  }

  invalid(what: string): WebVeraError {
    const hint = 'The file is damaged, or is no GGUF file; download it again.';
    return fileError('invalid_format', this.file, what, hint);
  }

  async #one(type: number): Promise<number | boolean | string> {
    if (type === TEXT) return this.utf8.decode(await this.#take(this.u64()));
    const [value] = await this.#numbers(type, 1);
    return value ?? 0;
  }

  async #numbers(type: number, count: number): Promise<(number | boolean)[]> {
    const scalar = SCALARS.get(type);
    if (count > MOST_NUMBERS) throw this.invalid(`expected lists of at most ${MOST_NUMBERS} numbers, got ${count}`);
    if (scalar === undefined) throw this.invalid(`expected values of a known type, got type ${type}`);
    const { buffer } = await this.#take(scalar.bytes * count);
    const view = new DataView(buffer);
    return Array.from({ length: count }, (_, index) => scalar.read(view, scalar.bytes * index));
  }

  async #take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.count(length);
    return this.stream.take(length);
  }

  protected override overLimit(): WebVeraError {
    const hint = 'If you trust the file, raise `tokenizer` in SessionOptions.limits.';
    return fileError('limit_exceeded', this.file, `expected at most ${this.limit} bytes before its tensors`, hint);
  }
}
