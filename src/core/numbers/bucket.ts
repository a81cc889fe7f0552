const SMALLEST = 64;

/** Rounds a length up to `smallest`·2ⁿ, or to `longest` if that is less, so that few programs serve all lengths. */
export function bucketLength(tokens: number, longest: number, smallest = SMALLEST): number {
  let length = smallest;
  while (length < tokens) length *= 2;
  return Math.min(length, longest);
}
