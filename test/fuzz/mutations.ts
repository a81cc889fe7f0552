import fc from 'fast-check';
import { parseJson } from '../../src/core/input/nesting';

/** Values that often break readers: numbers at the limits of number types, names of prototypes, values of other types. */
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, -1, 0, 0.5, 1e308, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 63), '', 'a', '__proto__', 'constructor'],
  ...['\u0000', '🙂', '\ud800', '$&$`', '.*', '(', 'x'.repeat(3000)],
  ...[[], {}, [[]], [null], [1, 2, 3], { a: {} }, { Regex: '(a+)+$' }, { String: '' }],
];
/** Large values. They are inserted after all other changes, because changes inside a large value rarely find a problem. */
const LARGE_VALUES: readonly unknown[] = [
  'a'.repeat(30_000),
  Array(5000).fill('a'),
  Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`a${i}`, i])),
  JSON.parse('['.repeat(1000) + ']'.repeat(1000)),
];
const TOKENS = [
  ...['"', '{', '}', '[', ']', ',', ':', '\\u0000', '\\', '\n', '\x1e', '1e999', '-', '0', 'null', '"__proto__":'],
];

/** Parts of regular expressions. */
const PIECES = [
  ...['(?:', '(?=', '(?!', '(?<=', '(?<!', '(?P<n>', '(?<n>', '(', ')', ')*', ')+', ')?', '|', '[^', ']', '-'],
  ...['^', '$', '*', '+', '?', '*?', '{2,3}', '{1000}', '{,9}', '{0}', '.', 'a', '[]a]', '[\\s\\S]'],
  ...['\\b', '\\B', '\\1', '\\k<n>', '\\p{L}', '\\s', '\\S', '\\w', '\\x41', '\\u{1F600}', '\\Z', '\\A', '\\G'],
];

/**
 * Generates variations of a corpus's inputs: with bytes inserted, removed or copied from another input, or with values in their
 * JSON replaced.
 */
export function mutations(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const seed = fc.constantFrom(...seeds);
  const token = fc.constantFrom(...TOKENS, ...PIECES).map((text) => new TextEncoder().encode(text));
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    token,
    seed.map((bytes) => bytes.slice(0, 64)),
  );
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), drop: fc.nat(12), piece });
  const edited = fc
    .tuple(seed, fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([bytes, edits]) => edits.reduce(applyEdit, bytes));
  const swapped = fc
    .tuple(seed, fc.array(fc.tuple(fc.nat(), fc.constantFrom(...ODD_VALUES)), { minLength: 1, maxLength: 3 }))
    .map(([bytes, swaps]) => swaps.reduce((now, [place, value]) => withValue(now, place, value), bytes));
  const enlarged = fc
    .tuple(swapped, fc.nat(), fc.constantFrom(...LARGE_VALUES))
    .map(([bytes, place, value]) => withValue(bytes, place, value));
  return fc.oneof({ arbitrary: edited, weight: 10 }, { arbitrary: swapped, weight: 20 }, enlarged);
}

interface Edit {
  readonly at: number;
  readonly drop: number;
  readonly piece: Uint8Array;
}

function applyEdit(bytes: Uint8Array, { at, drop, piece }: Edit): Uint8Array {
  const from = Math.floor(at * bytes.length);
  return Uint8Array.from([...bytes.subarray(0, from), ...piece, ...bytes.subarray(from + drop)]);
}

/** Replaces one value in an input's JSON files. `place` is the value's index among the values of all files. */
function withValue(bytes: Uint8Array, place: number, value: unknown): Uint8Array {
  // Each byte becomes a character, because an input may contain tensors, which aren't valid UTF-8.
  const files = String.fromCharCode(...bytes)
    .split('\x1e')
    .map(parsed);
  const places = files.flatMap((file, index) => placesOf(file).map((keys) => [index, ...keys]));
  const chosen = places[place % Math.max(1, places.length)];
  if (chosen === undefined) return bytes;
  const root = put(files, chosen, value) as readonly unknown[];
  const texts = root.map((file) => (file instanceof Raw ? file.text : latin(JSON.stringify(file) ?? '')));
  return Uint8Array.from(texts.join('\x1e'), (unit) => unit.charCodeAt(0));
}

/** A file that isn't JSON, or is nested too deeply to be parsed. It stays unchanged. */
class Raw {
  constructor(readonly text: string) {}
}

function parsed(latin: string): unknown {
  try {
    return parseJson(new TextDecoder().decode(Uint8Array.from(latin, (unit) => unit.charCodeAt(0))));
  } catch {
    return new Raw(latin);
  }
}

function latin(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

type Place = readonly (string | number)[];

function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null || value instanceof Raw) return [];
  return Object.entries(value).flatMap(([key, entry]) => [[key], ...placesOf(entry).map((rest) => [key, ...rest])]);
}

function put(value: unknown, [key, ...rest]: Place, entry: unknown): unknown {
  if (key === undefined) return entry;
  const old = (value as Readonly<Record<string, unknown>>)[key];
  const next = put(old, rest, entry);
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === String(key) ? next : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([name, item]) => [name, name === String(key) ? next : item]),
  );
}
