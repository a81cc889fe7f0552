/**
 * Returns the entries of an array or typed array. Bigints become numbers, because the ids of transformers.js are bigints. Returns undefined
 * if the value is not an array. The caller must check the entries.
 */
export function plainNumbers(value: unknown): unknown[] | undefined {
  if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && 'length' in value)) return undefined;
  return Array.from(value as ArrayLike<unknown>, plainNumber);
}

/** Converts a bigint to a number, or to NaN if it isn't a safe integer. Returns other values unchanged. */
export function plainNumber(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.NaN;
}

/** Returns the sum of `of(item)` over all items, added in the order of the items. */
export function totalOf<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
