/**
 * Returns a generator of random numbers from 0 to below 1 (Marsaglia's xorshift). They are multiples of 2⁻³², and depend only on the seed.
 * @param {number} seed not 0
 * @returns {() => number}
 */
export function randomNumbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}
