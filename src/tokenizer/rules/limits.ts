/**
 * Rules may turn each character of a text into `GROWTH` characters, plus `SPARE_GROWTH` in all. Unicode's compatibility forms need up to
 * 18.
 */
const GROWTH = 32;
const SPARE_GROWTH = 4096;

/** Returns the largest number of characters that rules may make of a text of `length` characters. */
export function longestResult(length: number): number {
  return GROWTH * length + SPARE_GROWTH;
}
