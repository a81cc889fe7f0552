import { WebVeraError } from '../../../core/errors/error';
import { Fields, isJsonObject } from '../../../core/input/fields';

/** The largest accepted count. It is far below 2^53, above which float64 can't represent every integer. */
const LARGEST_COUNT = 2 ** 50;

export function count(fields: Fields, key: string, most = LARGEST_COUNT): number {
  const value = fields.get(key);
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
  throw fields.invalid(key, `an integer from 0 to ${most}`);
}

export function counts<Key extends string>(fields: Fields, ...keys: readonly Key[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, count(fields, key)])) as Record<Key, number>;
}

export function list(fields: Fields, key: string): readonly unknown[] {
  const value = fields.get(key);
  if (Array.isArray(value)) return value;
  throw fields.invalid(key, 'a list');
}

/** Reads a list of at most `most` places: indices of examples, which are integers from 0. */
export function places(fields: Fields, key: string, most: number): number[] {
  const given = list(fields, key);
  const isPlace = (place: unknown): place is number => Number.isInteger(place) && (place as number) >= 0;
  if (given.length <= most && given.every(isPlace)) return [...given];
  throw fields.invalid(key, 'places of examples');
}

export function plain(fields: Fields, key: string): Readonly<Record<string, never>> {
  const value = fields.get(key);
  if (isJsonObject(value)) return value as Readonly<Record<string, never>>;
  throw fields.invalid(key, 'an object');
}

export function fieldsOf(value: unknown, where: string): Fields {
  if (isJsonObject(value)) return new Fields(value, where);
  throw new WebVeraError('invalid_format', `${where}: expected an object`);
}
