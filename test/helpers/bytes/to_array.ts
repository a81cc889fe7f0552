/** Collects the items of an async iterable until it ends. */
export async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
