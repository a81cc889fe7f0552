import { type ErrorCode, WebVeraError } from '../../src/core/errors/error';

/** A reader of strangers' bytes, as the library calls it. */
export interface FuzzTarget {
  readonly name: string;
  /** What it may refuse its input with. Whatever else is thrown is a finding. */
  readonly codes: readonly ErrorCode[];
  /** CPU milliseconds that 64 KiB may take, beside the milliseconds that anything may. Default 1000. */
  readonly most_ms?: number;
  /** Throws what the library throws, and an `Error` where what comes out is wrong. */
  run(bytes: Uint8Array<ArrayBuffer>): void | Promise<void>;
}

/** Stands between the files of an input: no JSON has it, and no text that anybody types. */
const SEPARATOR = 0x1e;

/** The files of an input. What is missing is empty, and the last one has all that is left. */
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

/** A safetensors file of a header, whose length is right, and what follows: else few mutations would come past its first bytes. */
export function headed(header: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
}

/** What a reader gives; undefined where it refuses its input as it may. */
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

/** Undefined for what is no JSON. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    return undefined;
  }
}

/** Of values as JSON has them, whatever the order of their keys. */
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
