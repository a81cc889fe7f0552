import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../core/digest';
import { WebVeraError } from '../core/error';
import type { ByteStream } from '../core/files';

/** A stream that ends with `integrity_mismatch` in place of its end, unless its bytes have a hash. */
export class CheckedStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #file: string;
  readonly #expected: string;
  /** The browser's own takes no bytes piece by piece. */
  readonly #hash = sha256.create();

  constructor(stream: ByteStream, file: string, expected: string) {
    this.#stream = stream;
    this.#file = file;
    this.#expected = expected;
  }

  get size(): number | undefined {
    return this.#stream.size;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const chunk = await this.#stream.read();
    if (chunk !== undefined) this.#hash.update(chunk);
    else this.#expectHash(toHex(this.#hash.digest()));
    return chunk;
  }

  cancel(): Promise<void> {
    return this.#stream.cancel();
  }

  #expectHash(actual: string): void {
    if (actual === this.#expected) return;
    const [file, expected] = [this.#file, this.#expected];
    throw new WebVeraError('integrity_mismatch', `${file}: expected the SHA-256 ${expected}, got ${actual}`, {
      hint: 'The file is not the one that was meant, or was damaged on its way: load it again, or correct `integrity`.',
      detail: { file, expected, actual },
    });
  }
}
