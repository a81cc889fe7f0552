/** Gumbel noise −ln(−ln(1 − w)). w has the 23 high bits of a random word, plus half a step, so that it is never 0 or 1. */
export function gumbelOf(word: number): number {
  return -Math.log(-Math.log1p(-((word >>> 9) + 0.5) / 2 ** 23));
}
