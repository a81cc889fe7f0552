const SMALLEST = 64;

/** A length for `tokens` of them that few programs serve: 64·2ⁿ, or `longest` where that is less. */
export function bucketLength(tokens: number, longest: number): number {
  let length = SMALLEST;
  while (length < tokens) length *= 2;
  return Math.min(length, longest);
}
