const SMALLEST = 64;

/** A length for `tokens` of them that few programs serve: `smallest`·2ⁿ, or `longest` where that is less. */
export function bucketLength(tokens: number, longest: number, smallest = SMALLEST): number {
  let length = smallest;
  while (length < tokens) length *= 2;
  return Math.min(length, longest);
}
