/** Formats a list for a message: 'a, b, and 7 more'. `toText` formats each of the first `most` items. */
export function shownList(items: readonly string[], most: number, toText = (item: string): string => item): string {
  const first = items.slice(0, most).map((item) => toText(item));
  return [...first, ...(items.length > most ? [`and ${items.length - most} more`] : [])].join(', ');
}
