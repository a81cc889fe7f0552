import { expect } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';

/** Makes a file of the given header, which isn't checked, and `data` zero bytes. `claimed`: the stated length of the header. */
export function fileOf(header: string | Uint8Array, data = 0, claimed?: bigint): Uint8Array<ArrayBuffer> {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + data);
  new DataView(file.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

/** Returns the code of the error that the body throws. An error other than a `WebVeraError` fails the test. */
export function codeThrownBy(body: () => unknown): string | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(WebVeraError);
    return (error as WebVeraError).code;
  }
}
