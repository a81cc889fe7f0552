/** Rules may make `GROWTH` characters of each character of a text, and `SPARE_GROWTH` more. Compatibility forms need 18 for a character. */
const GROWTH = 32;
const SPARE_GROWTH = 4096;

/** The most characters that rules may make of a text of `length` characters. */
export function longestResult(length: number): number {
  return GROWTH * length + SPARE_GROWTH;
}
