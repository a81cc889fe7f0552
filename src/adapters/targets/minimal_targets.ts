import { endsOf } from './matcher';

/** Returns the shortest suffixes of names, sorted, that match all `targets` and none of the `others`. */
export function minimalTargets(targets: readonly string[], others: readonly string[]): readonly string[] {
  const taken = new Set(others.flatMap(endsOf));
  const chosen = new Set<string>();
  const ordered = targets
    .map((target) => ({ target, ends: endsOf(target).toReversed() }))
    .sort((a, b) => compare(a.ends, b.ends));
  for (const { target, ends } of ordered) {
    if (ends.some((end) => end !== target && chosen.has(end))) continue;
    const end = ends.find((candidate) => !chosen.has(candidate) && !taken.has(candidate));
    if (end !== undefined) chosen.add(end);
  }
  return chosen.size === 0 ? targets : [...chosen].sort();
}

function compare(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((part, i) => part !== b[i]);
  if (index === -1) return a.length - b.length;
  const [partA, partB] = [a[index] ?? '', b[index]];
  if (partB === undefined) return 1;
  return partA < partB ? -1 : 1;
}
