/** Chooses a few items that together have every feature of all items. The choice is greedy and deterministic. */
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

/** Returns each pair of options as a feature, because most faults need one or two options. A single option forms a pair with itself. */
export function pairsOf(options: readonly string[]): string[] {
  const sorted = [...new Set(options)].sort();
  return sorted.flatMap((one, index) => sorted.slice(index).map((other) => `${one} + ${other}`));
}
