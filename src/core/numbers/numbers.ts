/**
 * The entries of an array or typed array, with bigints as numbers: transformers.js gives ids as bigints. Undefined if the value is not an
 * array. The caller checks the entries.
 */
export function plainNumbers(value: unknown): unknown[] | undefined {
  if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && 'length' in value)) return undefined;
  return Array.from(value as ArrayLike<unknown>, plainNumber);
}

/** Converts a bigint to a number, or to NaN if no number equals it. Other values stay unchanged. */
export function plainNumber(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.NaN;
}
