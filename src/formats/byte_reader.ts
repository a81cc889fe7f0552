import { WebVeraError } from '../core/error';
import type { ByteStream } from '../core/files';

/** Bytes for which memory is taken before they have come, where the stream's size isn't known. */
const PIECE = 65_536;

/** Takes exact numbers of bytes from a stream, and no more memory than what was asked for. */
export class ByteReader {
  readonly #stream: ByteStream;
  readonly #file: string;
  #chunk = new Uint8Array(0);
  #position = 0;

  /** `file` is named in errors. */
  constructor(stream: ByteStream, file: string) {
    this.#stream = stream;
    this.#file = file;
  }

  /**
   * The next `length` bytes, in a buffer of their own. Throws `invalid_format` where the file ends before, with no memory taken for
   * what doesn't come.
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

  /** The same, which stay to be taken. */
  async peek(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.take(length);
    const chunk = new Uint8Array(length + this.#chunk.length);
    chunk.set(bytes);
    chunk.set(this.#chunk, length);
    this.#chunk = chunk;
    this.#position -= length;
    return bytes;
  }

  async skip(length: number): Promise<void> {
    expectCount(length);
    await this.#advance(length, () => {});
  }

  /** All that is left. */
  async skipRest(): Promise<void> {
    while (await this.#fill()) this.#chunk = new Uint8Array(0);
  }

  /** Throws `invalid_format` unless all bytes were taken. */
  async expectEnd(): Promise<void> {
    if (!(await this.#fill())) return;
    throw new WebVeraError(
      'invalid_format',
      `${this.#file}: expected the end after ${this.#position} bytes, got more`,
      {
        hint: 'The file is damaged or was replaced while it was read; download it again.',
        detail: { file: this.#file },
      },
    );
  }

  async #takeByPieces(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0; left -= PIECE) pieces.push(await this.take(Math.min(left, PIECE)));
    const bytes = this.#allocate(length);
    for (const [index, piece] of pieces.entries()) bytes.set(piece, PIECE * index);
    return bytes;
  }

  async #advance(length: number, use: (part: Uint8Array, offset: number) => void): Promise<void> {
    let done = 0;
    while (done < length) {
      if (!(await this.#fill())) throw this.#cutOff(length - done);
      const part = this.#chunk.subarray(0, length - done);
      use(part, done);
      this.#chunk = this.#chunk.subarray(part.length);
      this.#position += part.length;
      done += part.length;
    }
  }

  /** Makes sure that the chunk holds a byte; false at the stream's end. */
  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const chunk = await this.#stream.read();
      if (chunk === undefined) return false;
      this.#chunk = chunk;
    }
    return true;
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

/** Anything else would never be reached, byte by byte. */
function expectCount(length: number): void {
  if (!Number.isInteger(length) || length < 0) throw new RangeError(`Expected a number of bytes, got ${length}`);
}
