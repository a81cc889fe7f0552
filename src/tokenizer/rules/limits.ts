/** How many characters a text may have after its rules, per character before them and in addition. Compatibility forms need 18. */
const GROWTH = 32;
const SPARE_GROWTH = 4096;

/** The most characters that rules may make of a text of `length` characters. */
export function longestResult(length: number): number {
  return GROWTH * length + SPARE_GROWTH;
}
