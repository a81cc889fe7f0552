import { WebVeraError } from '../../../core/errors/error';
import type { Fields } from '../../../core/input/fields';
import { parseJson } from '../../../core/input/nesting';
import { unreadable } from '../../../core/input/unreadable';
import { MAX_EXAMPLES } from '../types';
import { list } from './record_fields';

export const CONFIG = 'adapter_config.json';
export const MODEL = 'adapter_model.safetensors';
export const EXAMPLES = 'examples.jsonl';
export const RATINGS = 'ratings.jsonl';
export const PREFERENCES = 'preferences.jsonl';
export const ABOUT = 'profile.json';
/**
 * The largest accepted file sizes, in bytes. They are larger than the files of the largest possible profile: its profile.json takes 20 MB,
 * because its history lists the examples that were left out of training.
 */
const LIMITS = {
  [CONFIG]: 2 ** 20,
  [EXAMPLES]: 2 ** 26,
  [RATINGS]: 2 ** 26,
  [PREFERENCES]: 2 ** 26,
  [ABOUT]: 2 ** 26,
} as const;
type TextFile = keyof typeof LIMITS;

export type NamedFiles = ReadonlyMap<string, Blob>;

export function expectFile(files: NamedFiles, name: string): Blob {
  const file: unknown = files.get(name);
  if (file instanceof Blob) return file;
  throw new WebVeraError('invalid_format', `Profile.import: expected a file ${name}, got none`);
}

/** Parses a JSON file. Rejects with `invalid_format` if the file is missing or isn't JSON, and with `limit_exceeded` if it is too large. */
export async function jsonIn(files: NamedFiles, name: TextFile): Promise<unknown> {
  return parse(await textOf(name, expectFile(files, name)), name);
}

/** Parses a JSON Lines file, or resolves with an empty list if the file is missing. Rejects with `invalid_format` or `limit_exceeded`. */
export async function valuesIn(files: NamedFiles, name: TextFile): Promise<unknown[]> {
  if (!files.has(name)) return [];
  const text = await textOf(name, expectFile(files, name));
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length <= MAX_EXAMPLES) return lines.map((line, index) => parse(line, lineOf(name, index)));
  throw new WebVeraError('limit_exceeded', `${name}: expected at most ${MAX_EXAMPLES} lines, got ${lines.length}`);
}

/** Returns the name of a line, for error messages. */
export function lineOf(name: TextFile, index: number): string {
  return `${name}: line ${index + 1}`;
}

/**
 * Reads the list `key` of profile.json. It has a number for each line of a file, which gives the order in which the examples were added.
 * Throws `invalid_format` unless there is one number per line, and all are different integers below `seen`.
 */
export function arrivalsOf(about: Fields, key: string, lines: number, seen: number): number[] {
  const numbers = list(about, key).filter((n): n is number => Number.isSafeInteger(n) && isWithin(n, seen));
  if (numbers.length === lines && new Set(numbers).size === lines) return numbers;
  throw about.invalid(key, `${lines} different integers below seen, one for each line`);
}

function isWithin(n: unknown, end: number): boolean {
  return typeof n === 'number' && n >= 0 && n < end;
}

async function textOf(name: TextFile, blob: Blob): Promise<string> {
  if (blob.size <= LIMITS[name]) return blob.text().catch(unreadable(name));
  throw new WebVeraError('limit_exceeded', `${name}: expected at most ${LIMITS[name]} bytes, got ${blob.size}`);
}

function parse(text: string, where: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new WebVeraError('invalid_format', `${where}: expected JSON, got something else`, { cause: error });
  }
}
