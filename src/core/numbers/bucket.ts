/** The number of tokens in the shortest rows. Texts are often a single line, and longer rows would then be mostly padding. */
const SMALLEST = 16;

/** Rounds a length up to 16·2ⁿ, or to `longest` if that is less, so that few programs serve all lengths. */
export function bucketLength(tokens: number, longest: number): number {
  let length = SMALLEST;
  while (length < tokens) length *= 2;
  return Math.min(length, longest);
}
