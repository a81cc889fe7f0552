import { joinBytes } from './bytes';

/**
 * Computes a fingerprint of a byte stream: the SHA-256 of the SHA-256 hashes of its blocks of 1 MiB. The sizes of the chunks that `add`
 * receives don't matter.
 */
export class Digest {
  readonly #block = new Uint8Array(2 ** 20);
  #filled = 0;
  readonly #blocks: Uint8Array<ArrayBuffer>[] = [];

  async add(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; ) {
      const piece = bytes.subarray(start, start + this.#block.length - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.length;
      start += piece.length;
      if (this.#filled === this.#block.length) await this.#close();
    }
  }

  /** Returns the fingerprint in 64 hexadecimal digits. `add` must not be called after `end`. */
  async end(): Promise<string> {
    await this.#close();
    return toHex(await sha256(joinBytes(this.#blocks)));
  }

  async #close(): Promise<void> {
    this.#blocks.push(await sha256(this.#block.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
