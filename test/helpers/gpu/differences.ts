/**
 * Returns the largest |a − b| where `where` is true (by default everywhere), and its index. A NaN or a missing number counts as
 * the largest difference.
 */
export function worstDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  where: (index: number) => boolean = () => true,
): { readonly difference: number; readonly at: number } {
  let worst = { difference: 0, at: 0 };
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    if (!where(at)) continue;
    const difference = Math.abs((a[at] as number) - (b[at] as number));
    if (Number.isNaN(difference)) return { difference, at };
    if (difference > worst.difference) worst = { difference, at };
  }
  return worst;
}
