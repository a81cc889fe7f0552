/**
 * The largest depth to which lists, objects, groups of regular expressions and blocks of chat templates may be nested in an untrusted
 * file. The deepest published files have ten levels, and 64 recursive calls are far from a stack overflow in every browser.
 */
export const MOST_LEVELS = 64;

/** Whether the lists and objects of a JSON value are nested at most `MOST_LEVELS` deep. */
export function isShallow(value: unknown, levels = MOST_LEVELS): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  const entries: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return levels > 0 && entries.every((entry) => isShallow(entry, levels - 1));
}

/** `JSON.parse` for untrusted text. Throws a `SyntaxError` for invalid JSON and for JSON that is nested too deeply. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isShallow(value)) return value;
  throw new SyntaxError(`it has more than ${MOST_LEVELS} levels of nesting`);
}

/** Serialises a value as JSON for an error message. Returns a description instead if the value is nested too deeply. */
export function jsonOf(value: unknown): string {
  if (isShallow(value)) return JSON.stringify(value) ?? typeof value;
  return `${Array.isArray(value) ? 'a list' : 'an object'} of more than ${MOST_LEVELS} levels`;
}
