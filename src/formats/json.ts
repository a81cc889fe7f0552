import { WebVeraError } from '../core/errors/error';
import { isJsonObject, type JsonObject } from '../core/input/fields';
import { MOST_LEVELS } from '../core/input/nesting';
import { defaultLimits } from '../core/types/source';
import { RAISE_LIMIT } from './file_error';

/**
 * Reads an untrusted JSON file that must hold an object. The result is frozen, and its objects have no prototype, so that `__proto__`
 * is a key like any other. A byte order mark is allowed. Throws `limit_exceeded` above `limit` bytes, `invalid_format` for any other
 * fault. `file` is the file's name in messages.
 */
export function parseJsonObject(bytes: Uint8Array, file: string, limit = defaultLimits.json): JsonObject {
  const value = hardened(bytes, file, limit);
  if (isJsonObject(value)) return value;
  throw invalid(file, `expected a JSON object, got ${Array.isArray(value) ? 'an array' : JSON.stringify(value)}`);
}

/** Like `parseJsonObject`, for a file that must hold a list. */
export function parseJsonArray(bytes: Uint8Array, file: string, limit = defaultLimits.json): readonly unknown[] {
  const value = hardened(bytes, file, limit);
  if (Array.isArray(value)) return value;
  throw invalid(file, `expected a JSON list, got ${isJsonObject(value) ? 'an object' : JSON.stringify(value)}`);
}

function hardened(bytes: Uint8Array, file: string, limit: number): unknown {
  if (bytes.length > limit) {
    throw new WebVeraError('limit_exceeded', `${file}: expected at most ${limit} bytes, got ${bytes.length}`, {
      hint: RAISE_LIMIT,
    });
  }
  return harden(parse(bytes, file), file, 0);
}

function parse(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(file, `expected JSON in UTF-8, got ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function harden(value: unknown, file: string, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MOST_LEVELS) throw invalid(file, `expected at most ${MOST_LEVELS} levels of nesting, got more`);
  if (Array.isArray(value)) return Object.freeze(value.map((entry) => harden(entry, file, depth + 1)));
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of Object.entries(value)) object[key] = harden(entry, file, depth + 1);
  return Object.freeze(object);
}

function invalid(file: string, message: string, cause?: unknown): WebVeraError {
  return new WebVeraError('invalid_format', `${file}: ${message}`, {
    hint: 'Is the file complete, and is it what its name says? A web page in its place is a common mistake.',
    cause,
  });
}
