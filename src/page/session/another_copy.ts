import { isObject } from './rules';

const HINT = "It comes from another copy of webvera: import all names from one entry, 'webvera' or 'webvera/node'.";

/**
 * Returns the hint for a refused value that another copy of this library made: its class, or a class that it extends, has one of these
 * names. Returns undefined for other values.
 */
export function fromAnotherCopy(value: unknown, ...names: readonly string[]): string | undefined {
  let type: unknown = isObject(value) ? value.constructor : undefined;
  while (typeof type === 'function') {
    if (names.includes(type.name)) return HINT;
    type = Object.getPrototypeOf(type);
  }
  return undefined;
}
