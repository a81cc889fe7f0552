/** What a store holds: anything that survives structured clone. */
export type Stored = unknown;

/** What must hold for a write, as the store stands when it is made: nobody else writes in between. */
export interface Condition {
  readonly key: string;
  /** Throws the `StoreError` that the write is to reject with. */
  check(value: Stored | undefined): void;
}

/** Values by key. Every write is one transaction: it happens whole or not at all, and is on disk when it resolves. */
export interface BlobStore {
  /** Whether what is written outlives the page. */
  readonly persistent: boolean;
  get(key: string): Promise<Stored | undefined>;
  setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void>;
  /** Writes one value, and gives what had its key until then: nobody else writes in between. */
  replace(key: string, value: Stored): Promise<Stored | undefined>;
  /** Keys that aren't there are ignored. */
  deleteMany(keys: readonly string[]): Promise<void>;
  /** In ascending order. */
  keys(): Promise<readonly string[]>;
  /** Later calls open it again. */
  close(): Promise<void>;
}

/** Whether what is written outlives the page, also of a store that opens on first use. Rejects where it can't be opened. */
export async function isPersistent(store: BlobStore): Promise<boolean> {
  if (store.persistent) await store.get('');
  return store.persistent;
}

/** Lives as long as the object. Values are copied in and out, as in a database. */
export class MemoryStore implements BlobStore {
  readonly persistent = false;
  readonly #values = new Map<string, Stored>();

  async get(key: string): Promise<Stored | undefined> {
    return structuredClone(this.#values.get(key));
  }

  async setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void> {
    const copies = structuredClone(entries); // throws for what can't be stored, before anything is
    condition?.check(this.#values.get(condition.key));
    for (const [key, value] of copies) this.#values.set(key, value);
  }

  async replace(key: string, value: Stored): Promise<Stored | undefined> {
    const copy: Stored = structuredClone(value);
    const before = this.#values.get(key);
    this.#values.set(key, copy);
    return before;
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#values.delete(key);
  }

  async keys(): Promise<readonly string[]> {
    return [...this.#values.keys()].sort();
  }

  async close(): Promise<void> {}
}
