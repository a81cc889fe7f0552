/** At most `most` items of a list, spread evenly. */
export function evenly<Item>(all: readonly Item[], most: number): readonly Item[] {
  const share = Math.min(1, Math.max(0, most) / all.length);
  return all.filter((_, index) => Math.floor((index + 1) * share) > Math.floor(index * share));
}
