/** What llama.cpp does to a tensor's numbers, which is undone. */
export type TensorChange =
  /** Rows in another order: `from` is where the file keeps a row of so many. */
  | { readonly kind: 'rows'; from(row: number, rows: number): number }
  /** A matrix that the checkpoint has as its transpose. */
  | { readonly kind: 'turned' }
  /** One was added to each number. */
  | { readonly kind: 'plus one' };

/** The rows of queries or keys: llama.cpp has the halves of a head, which rotate with each other, side by side. */
export function interleaved(heads: number): TensorChange {
  return {
    kind: 'rows',
    from(row, rows) {
      const size = rows / heads;
      const [head, within] = [Math.floor(row / size), row % size];
      const half = size / 2;
      return head * size + (within < half ? 2 * within : 2 * (within - half) + 1);
    },
  };
}

/**
 * The rows of Falcon's queries, keys and values: the checkpoint has each head of keys and of values behind the heads of queries that
 * read it, llama.cpp has all queries first, then all keys.
 */
export function ungrouped(heads: number, kvHeads: number): TensorChange {
  const queries = heads / kvHeads;
  return {
    kind: 'rows',
    from(row, rows) {
      const size = rows / (heads + 2 * kvHeads);
      const [head, within] = [Math.floor(row / size), row % size];
      const [group, member] = [Math.floor(head / (queries + 2)), head % (queries + 2)];
      const before = member < queries ? group * queries + member : heads + (member - queries) * kvHeads + group;
      return before * size + within;
    },
  };
}

/** Whether heads of so many rows each can be told apart. */
export function areHeads(rows: number, heads: number): boolean {
  return Number.isSafeInteger(heads) && heads > 0 && Number.isInteger(rows / heads);
}
