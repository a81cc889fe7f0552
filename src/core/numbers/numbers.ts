/**
 * The entries of an array, typed or not, with large integers as numbers: transformers.js gives ids as them. Undefined for
 * what is no array. What the entries are is for the caller to check.
 */
export function plainNumbers(value: unknown): unknown[] | undefined {
  if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && 'length' in value)) return undefined;
  return Array.from(value as ArrayLike<unknown>, plainNumber);
}

/** A large integer as the number that it stands for. One that no number is equal to becomes none that is an integer. */
export function plainNumber(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.NaN;
}
