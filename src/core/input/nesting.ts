/**
 * How many levels deep lists, objects, groups and blocks of a stranger's file may lie within each other. The deepest of published
 * files have ten, and code that calls itself 64 times is far from the end of the stack in every browser.
 */
export const MOST_LEVELS = 64;

/** Whether the lists and objects of a value as JSON has them lie at most `MOST_LEVELS` deep within each other. */
export function isShallow(value: unknown, levels = MOST_LEVELS): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  const entries: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return levels > 0 && entries.every((entry) => isShallow(entry, levels - 1));
}

/** `JSON.parse` for the texts of strangers. Throws a `SyntaxError` for what is nested too deep, as for what is no JSON. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isShallow(value)) return value;
  throw new SyntaxError(`it has more than ${MOST_LEVELS} levels of nesting`);
}

/** A value as JSON, for a message; in words where it is nested too deep to be written. */
export function jsonOf(value: unknown): string {
  if (isShallow(value)) return JSON.stringify(value) ?? typeof value;
  return `${Array.isArray(value) ? 'a list' : 'an object'} of more than ${MOST_LEVELS} levels`;
}
