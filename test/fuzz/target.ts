import { type ErrorCode, WebVeraError } from '../../src/core/errors/error';

/** A reader of untrusted bytes, called as the library calls it. */
export interface FuzzTarget {
  readonly name: string;
  /** The codes of errors by which the reader may reject an input. Any other error is a finding. */
  readonly codes: readonly ErrorCode[];
  /** Allowed CPU milliseconds for 64 KiB, in addition to those that every input may take. Default: 1000. */
  readonly most_ms?: number;
  /** Reads an input. Throws the library's errors, or an `Error` if a result is wrong. */
  run(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
}

/** The byte that separates the files of an input. JSON and typed text don't contain it. */
const SEPARATOR = 0x1e;

/** Splits an input into its files. Missing files are empty, and the last file contains all remaining bytes. */
export function partsOf(bytes: Uint8Array<ArrayBuffer>, count: number): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let from = 0;
  while (parts.length < count - 1) {
    const at = bytes.indexOf(SEPARATOR, from);
    const end = at < 0 ? bytes.length : at;
    parts.push(bytes.slice(from, end));
    from = Math.min(end + 1, bytes.length);
  }
  return [...parts, bytes.slice(from)];
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * Makes a safetensors file that states its header's length correctly. With random lengths, readers would refuse most mutations
 * at their first bytes.
 */
export function headed(header: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
}

/** Returns a reader's result, or undefined if it refuses its input with an allowed code. */
export function attempt<T>({ codes }: Pick<FuzzTarget, 'codes'>, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isRefusal(error, codes)) return undefined;
    throw error;
  }
}

export function isRefusal(error: unknown, codes: readonly ErrorCode[]): boolean {
  return error instanceof WebVeraError && codes.includes(error.code);
}

/** Returns the parsed JSON, or undefined if it is invalid. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    return undefined;
  }
}

/** Throws unless two JSON values are equal. The order of their keys doesn't matter. */
export function expectSame(what: string, got: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(sorted(got)), JSON.stringify(sorted(expected))];
  if (a !== b) throw new Error(`${what}: expected ${b?.slice(0, 200)}, got ${a?.slice(0, 200)}`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) => [key, sorted(entry)] as const);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
