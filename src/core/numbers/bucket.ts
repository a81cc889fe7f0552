/** The smallest length to which texts are padded. Texts are often a single line, and a greater length would be mostly padding. */
const SMALLEST = 16;

/** Rounds a length up to 16·2ⁿ, or to `longest` if that is less, so that few programs serve all lengths. */
export function bucketLength(tokens: number, longest: number): number {
  let length = SMALLEST;
  while (length < tokens) length *= 2;
  return Math.min(length, longest);
}
