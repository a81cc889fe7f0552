/** Returns at most `most` items of a list. If there are more, skips some at regular distances. */
export function evenly<Item>(all: readonly Item[], most: number): readonly Item[] {
  const count = Math.min(all.length, Math.max(0, most));
  // In integers: `count / all.length` isn't exact, so that the last item could be missing.
  const before = (index: number): number => Math.floor((index * count) / all.length);
  return all.filter((_, index) => before(index + 1) > before(index));
}

/** Returns at most `most` items of two lists in total: about the same share of each list, at regular distances. */
export function evenlyOfBoth<A, B>(
  first: readonly A[],
  second: readonly B[],
  most: number,
): readonly [readonly A[], readonly B[]] {
  const all = first.length + second.length;
  const some = evenly(first, Math.floor((first.length * Math.min(all, most)) / Math.max(1, all)));
  return [some, evenly(second, most - some.length)];
}
