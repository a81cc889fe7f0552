/** Tokens of the shortest batches. Texts are often a single line, and a longer batch of such texts would be mostly padding. */
const SMALLEST = 16;

/** Rounds a length up to 16·2ⁿ, or to `longest` if that is less, so that few programs serve all lengths. */
export function bucketLength(tokens: number, longest: number): number {
  let length = SMALLEST;
  while (length < tokens) length *= 2;
  return Math.min(length, longest);
}
