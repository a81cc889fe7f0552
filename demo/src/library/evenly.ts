/** Returns at most `most` items of a list. If there are more, skips some at regular distances. */
export function evenly<Item>(all: readonly Item[], most: number): readonly Item[] {
  const share = Math.min(1, Math.max(0, most) / all.length);
  return all.filter((_, index) => Math.floor((index + 1) * share) > Math.floor(index * share));
}

/** Returns at most `most` items of two lists together: about the same share of each, at regular distances. */
export function evenlyOfBoth<A, B>(
  first: readonly A[],
  second: readonly B[],
  most: number,
): readonly [readonly A[], readonly B[]] {
  const share = Math.min(1, most / Math.max(1, first.length + second.length));
  const some = evenly(first, Math.floor(first.length * share));
  return [some, evenly(second, most - some.length)];
}
