import { WebVeraError } from '../errors/error';
import { jsonOf } from './nesting';

export type JsonObject = Readonly<Record<string, unknown>>;

interface NumberRange {
  /** The value if the key is missing or null. Without a fallback, the key is required. */
  readonly fallback?: number;
  /** The largest value allowed. */
  readonly max?: number;
}

/**
 * Reads the fields of an untrusted JSON object. Every method throws `invalid_format` with the file, the key, the expected value and the
 * actual value.
 */
export class Fields {
  readonly #json: JsonObject;
  /** The file's name, followed by the path to a nested object: 'config.json', 'config.json: rope_parameters'. */
  readonly where: string;

  constructor(json: JsonObject, where: string) {
    this.#json = json;
    this.where = where;
  }

  /** Returns the raw value, or `undefined` if the key is missing or null. */
  get(key: string): unknown {
    // A plain lookup would also find inherited names such as `constructor`.
    return Object.hasOwn(this.#json, key) ? (this.#json[key] ?? undefined) : undefined;
  }

  /** Returns the same fields with `defaults` for missing keys. */
  withDefaults(defaults: JsonObject): Fields {
    return new Fields({ ...defaults, ...this.#json }, this.where);
  }

  keys(): readonly string[] {
    return Object.keys(this.#json);
  }

  /** Whether the key exists. Its value may be null. */
  has(key: string): boolean {
    return Object.hasOwn(this.#json, key);
  }

  /** Reads an integer from 1 to `max` (default: 2^53 − 1). */
  positiveInteger(key: string, { fallback, max = Number.MAX_SAFE_INTEGER }: NumberRange = {}): number {
    const value = this.get(key) ?? fallback;
    if (isIntegerWithin(value, 1, max)) return value;
    throw this.invalid(key, `an integer from 1 to ${max}`);
  }

  /** Reads an integer from 0 to 2^53 − 1. */
  count(key: string, fallback: number): number {
    const value = this.get(key) ?? fallback;
    if (isIntegerWithin(value, 0, Number.MAX_SAFE_INTEGER)) return value;
    throw this.invalid(key, 'an integer from 0 on');
  }

  /** Reads a finite number above 0 and at most `max`. */
  positiveNumber(key: string, { fallback, max = Number.MAX_VALUE }: NumberRange = {}): number {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'number' && value > 0 && value <= max) return value;
    throw this.invalid(key, max === Number.MAX_VALUE ? 'a number above 0' : `a number above 0, at most ${max}`);
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.invalid(key, 'true or false');
  }

  /** Returns the result of `read`, null if the field is null, or `fallback` if the key is missing. */
  orNull<T>(key: string, fallback: T | null, read: (key: string) => T): T | null {
    if (!this.has(key)) return fallback;
    return this.get(key) === undefined ? null : read(key);
  }

  string(key: string): string {
    const value = this.get(key);
    if (typeof value === 'string') return value;
    throw this.invalid(key, 'a string');
  }

  optionalString(key: string): string | undefined {
    return this.get(key) === undefined ? undefined : this.string(key);
  }

  /** Reads a nested object. Returns `undefined` if the key is missing or null. */
  object(key: string): Fields | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (isJsonObject(value)) return new Fields(value, `${this.where}: ${key}`);
    throw this.invalid(key, 'an object');
  }

  /** Reads a token id below `vocabSize`, or null for no token. Returns `fallback` if the key is missing. */
  tokenId(key: string, vocabSize: number, fallback: number | null): number | null {
    if (!this.has(key)) return fallback;
    const value = this.get(key) ?? null;
    if (value === null || isIntegerWithin(value, 0, vocabSize - 1)) return value;
    throw this.invalid(key, `a token id from 0 to ${vocabSize - 1}`);
  }

  /**
   * Reads one token id or a list of them, and returns a list of those below `vocabSize`: empty if the field is null, `fallback` if the key is
   * missing. Old files have −1 for no token.
   */
  tokenIds(key: string, vocabSize: number, fallback: readonly number[]): readonly number[] {
    if (!this.has(key)) return fallback;
    const value = this.get(key) ?? [];
    const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isId = (id: unknown): id is number => isIntegerWithin(id, -1, Number.MAX_SAFE_INTEGER);
    if (ids.every(isId)) return ids.filter((id) => id >= 0 && id < vocabSize);
    throw this.invalid(key, 'token ids');
  }

  /** Returns the error for a key with an invalid value. */
  invalid(key: string, expected: string): WebVeraError {
    const got = this.has(key) ? describe(this.#json[key]) : 'nothing';
    return new WebVeraError('invalid_format', `${this.where}: ${key}: expected ${expected}, got ${got}`, {
      hint: 'Does this file belong to the model?',
      detail: { key },
    });
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIntegerWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

/** Formats an untrusted value for an error message: as JSON, truncated to 60 characters. */
function describe(value: unknown): string {
  const text = jsonOf(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
