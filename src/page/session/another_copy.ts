import { isObject } from './rules';

const HINT = "It comes from another copy of webvera: import all names from one entry, 'webvera' or 'webvera/node'.";

/**
 * Returns the hint for a rejected value that was created by another copy of this library, that is, if its class or a superclass has one of
 * these names. Returns undefined for other values.
 */
export function fromAnotherCopy(value: unknown, ...names: readonly string[]): string | undefined {
  let type: unknown = isObject(value) ? value.constructor : undefined;
  while (typeof type === 'function') {
    if (names.includes(type.name)) return HINT;
    type = Object.getPrototypeOf(type);
  }
  return undefined;
}
