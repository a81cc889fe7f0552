// Chooses the best of four learning rates with three measurements.

/** @typedef {readonly [number, number, number, number]} Rates in rising order */

/**
 * Measures the two middle rates, then the outer rate next to the better one. The other outer rate isn't measured, because it is expected to
 * be worse than the middle rate next to it.
 * @template {{ readonly score: number }} Trial
 * @param {Rates} rates
 * @param {(rate: number) => Promise<Trial>} measure a lower score is better
 * @returns {Promise<{ rate: number, best: Trial, trials: Trial[] }>} `trials`: all three trials
 */
export async function bestOfRates([lowest, lower, higher, highest], measure) {
  const [low, high] = [await measure(lower), await measure(higher)];
  const [rate, better, outer] = isBetter(high, low) ? [higher, high, highest] : [lower, low, lowest];
  const beyond = await measure(outer);
  const trials = [low, high, beyond];
  return isBetter(beyond, better) ? { rate: outer, best: beyond, trials } : { rate, best: better, trials };
}

/**
 * Checks whether the first score is better. The score of a run that diverged is NaN: worse than any number.
 * @param {{ score: number }} one
 * @param {{ score: number }} other
 */
function isBetter({ score: one }, { score: other }) {
  return one < other || (Number.isNaN(other) && !Number.isNaN(one));
}
