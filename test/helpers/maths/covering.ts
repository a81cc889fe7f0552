/**
 * Items that between them have each feature that some item has. Chosen greedily, so few, and always the same ones.
 */
export function covering<T>(items: readonly T[], featuresOf: (item: T) => readonly string[]): ReadonlySet<T> {
  const features = items.map((item) => [...new Set(featuresOf(item))]);
  const numbers = new Map([...new Set(features.flat())].map((feature, number) => [feature, number]));
  const numbered = features.map((own) => own.map((feature) => numbers.get(feature)!));
  const isCovered = new Uint8Array(numbers.size);
  const chosen = new Set<T>();
  for (;;) {
    const gains = numbered.map((own) => own.reduce((gain, number) => gain + 1 - isCovered[number]!, 0));
    const most = Math.max(0, ...gains);
    if (most === 0) return chosen;
    const best = gains.indexOf(most);
    chosen.add(items[best]!);
    for (const number of numbered[best]!) isCovered[number] = 1;
  }
}

/** Each pair of options as a feature: most faults take one or two options to show. One alone counts as a pair with itself. */
export function pairsOf(options: readonly string[]): string[] {
  const sorted = [...new Set(options)].sort();
  return sorted.flatMap((one, index) => sorted.slice(index).map((other) => `${one} + ${other}`));
}
