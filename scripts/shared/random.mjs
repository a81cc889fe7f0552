/**
 * Numbers from 0 to below 1 by Marsaglia's xorshift, the same for the same seed. Multiplied by 2³², they are whole numbers.
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
