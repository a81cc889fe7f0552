import { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import { joinBytes } from '../../core/input/bytes';
import type { ByteStream } from '../../core/input/file_source';
import { fileError } from '../file_error';

/** The largest number of bytes for which memory is allocated before they arrive, if the stream's size isn't known. */
const PIECE = 65_536;
/** After this many bytes in small reads, `fetch` yields the thread. */
const STRETCH = 65_536;

/** Reads exact numbers of bytes from a stream, and allocates memory only for these bytes. */
export class ByteReader {
  readonly #stream: ByteStream;
  readonly #file: string;
  #chunk = new Uint8Array(0);
  /** The number of bytes of the chunk that were read. */
  #at = 0;
  /** The position in the file at which the chunk begins. */
  #chunkBegin = 0;
  #hasEnded = false;
  readonly #breather = new Breather();
  #stretchEnd = 0;

  /** `file` is the file's name in error messages. */
  constructor(stream: ByteStream, file: string) {
    this.#stream = stream;
    this.#file = file;
  }

  /**
   * Reads the next `length` bytes into a buffer of their own. Throws `invalid_format` if the file ends earlier, without allocating
   * memory for bytes that don't arrive.
   */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    expectCount(length);
    const { size } = this.#stream;
    if (size === undefined && length > PIECE) return this.#takeByPieces(length);
    const left = (size ?? Number.POSITIVE_INFINITY) - this.#position;
    if (length > left) throw this.#cutOff(length - left);
    const bytes = this.#allocate(length);
    await this.#advance(length, (part, offset) => bytes.set(part, offset));
    return bytes;
  }

  /**
   * Waits until `takeNow` can read `length` bytes synchronously, or until the file ends. The bytes are copied, so `length` should be a few
   * thousand at most. Yields the thread now and then.
   */
  async fetch(length: number): Promise<void> {
    if (this.#position >= this.#stretchEnd) {
      await this.#breather.breathe();
      this.#stretchEnd = this.#position + STRETCH;
    }
    if (this.available >= length) return;
    const parts = [this.buffered];
    // Collects twice `length`. With less, the available bytes would be copied again for every small chunk that arrives.
    for (let bytes = this.available; bytes < 2 * length; ) {
      const part = await this.#read();
      if (part === undefined) break;
      parts.push(part);
      bytes += part.length;
    }
    if (parts.length > 1) this.#hold(joinBytes(parts), this.#position);
  }

  /** Whether `length` bytes can be read without `fetch`: they have arrived, and the thread need not be yielded first. */
  has(length: number): boolean {
    return this.available >= length && this.#position < this.#stretchEnd;
  }

  /** Bytes that have arrived and haven't been read. */
  get available(): number {
    return this.#chunk.length - this.#at;
  }

  /** A view of the available bytes, valid until the next call. */
  get buffered(): Uint8Array<ArrayBuffer> {
    return this.#chunk.subarray(this.#at);
  }

  /** Reads bytes that `fetch` waited for, as a view that is valid until the next call. Throws like `take`. */
  takeNow(length: number): Uint8Array<ArrayBuffer> {
    const begin = this.#at;
    const end = begin + length;
    this.#at = Math.min(end, this.#chunk.length);
    if (this.#at < end) throw this.#cutOff(end - this.#at);
    return this.#chunk.subarray(begin, end);
  }

  /** Like `takeNow`, but one byte. */
  byteNow(): number {
    const byte = this.#chunk[this.#at];
    if (byte === undefined) throw this.#cutOff(1);
    this.#at += 1;
    return byte;
  }

  /** Like `take`, but the next call reads the same bytes again. */
  async peek(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const begin = this.#position;
    const bytes = await this.take(length);
    this.#hold(joinBytes([bytes, this.buffered]), begin);
    return bytes;
  }

  async skip(length: number): Promise<void> {
    expectCount(length);
    await this.#advance(length, () => {});
  }

  /** Reads the rest of the stream. */
  async skipRest(): Promise<void> {
    while (await this.#fill()) this.#at = this.#chunk.length;
  }

  /** Throws `invalid_format` unless all bytes were read. */
  async expectEnd(): Promise<void> {
    if (!(await this.#fill())) return;
    const hint = 'The file is damaged or was replaced while it was read; download it again.';
    throw fileError('invalid_format', this.#file, `expected the end after ${this.#position} bytes, got more`, hint);
  }

  async #takeByPieces(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0; left -= PIECE) pieces.push(await this.take(Math.min(left, PIECE)));
    const bytes = this.#allocate(length);
    for (const [index, piece] of pieces.entries()) bytes.set(piece, PIECE * index);
    return bytes;
  }

  async #advance(length: number, use: (part: Uint8Array, offset: number) => void): Promise<void> {
    for (let done = 0; done < length; ) {
      if (this.available === 0 && !(await this.#fill())) throw this.#cutOff(length - done);
      const part = this.takeNow(Math.min(length - done, this.available));
      use(part, done);
      done += part.length;
    }
  }

  /** Reads the next chunk if all bytes of the current chunk were read. Returns false at the end of the stream. */
  async #fill(): Promise<boolean> {
    while (this.available === 0) {
      const chunk = await this.#read();
      if (chunk === undefined) return false;
      this.#hold(chunk, this.#position);
    }
    return true;
  }

  get #position(): number {
    return this.#chunkBegin + this.#at;
  }

  /** Replaces the chunk by one that begins at byte `begin` of the file. */
  #hold(chunk: Uint8Array<ArrayBuffer>, begin: number): void {
    this.#chunk = chunk;
    this.#chunkBegin = begin;
    this.#at = 0;
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const chunk = this.#hasEnded ? undefined : await this.#stream.read();
    this.#hasEnded = chunk === undefined;
    return chunk;
  }

  #allocate(length: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(length);
    } catch (cause) {
      throw new WebVeraError('out_of_memory', `${this.#file}: there is no memory for a tensor of ${length} bytes`, {
        hint: 'Use a smaller model, or one whose weights are split into smaller tensors.',
        detail: { file: this.#file, bytes: length },
        cause,
      });
    }
  }

  #cutOff(missing: number): WebVeraError {
    return new WebVeraError(
      'invalid_format',
      `${this.#file}: expected ${missing} more bytes after ${this.#position}, but the file ends`,
      { hint: 'The file was cut off; download it again.', retryable: true, detail: { file: this.#file } },
    );
  }
}

/** Throws unless the length is an integer from 0 on: no other number of bytes can be read. */
function expectCount(length: number): void {
  if (!Number.isInteger(length) || length < 0) throw new RangeError(`Expected a number of bytes, got ${length}`);
}
