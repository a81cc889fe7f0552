/** −ln(−ln(1 − w)) for w in (0, 1), half a step above 23 random bits. */
export function gumbelOf(word: number): number {
  return -Math.log(-Math.log1p(-((word >>> 9) + 0.5) / 2 ** 23));
}
