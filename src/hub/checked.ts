import { sha256 } from '@noble/hashes/sha2.js';
import { WebVeraError } from '../core/errors/error';
import { toHex } from '../core/input/digest';
import type { ByteStream } from '../core/input/file_source';

/** Computes the SHA-256 of a stream of bytes. The browser's own function accepts only complete data. */
export class RunningHash {
  readonly #hash = sha256.create();

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Throws `integrity_mismatch` unless the hash of the file's bytes is `expected`. */
  expect(file: string, expected: string): void {
    const actual = toHex(this.#hash.digest());
    if (actual === expected) return;
    throw new WebVeraError('integrity_mismatch', `${file}: expected the SHA-256 ${expected}, got ${actual}`, {
      hint: 'The file is not the expected one, or was damaged during the download: load it again, or correct `integrity`.',
      detail: { file, expected, actual },
    });
  }
}

/**
 * Wraps a stream to verify its SHA-256: at the end, `read` throws `integrity_mismatch` if the bytes have another hash. Otherwise
 * `onVerified` receives the total number of bytes.
 */
export function checkedStream(
  stream: ByteStream,
  file: string,
  expected: string,
  onVerified: (bytes: number) => void,
): ByteStream {
  const hash = new RunningHash();
  let bytes = 0;
  return {
    get size() {
      return stream.size;
    },
    async read() {
      const chunk = await stream.read();
      if (chunk !== undefined) {
        hash.add(chunk);
        bytes += chunk.length;
      } else {
        hash.expect(file, expected);
        onVerified(bytes);
      }
      return chunk;
    },
    cancel: () => stream.cancel(),
  };
}
