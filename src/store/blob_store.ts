/** A stored value: anything that structured clone supports. */
export type Stored = unknown;

/** A condition of a write, checked in the same transaction. */
export interface Condition {
  readonly key: string;
  /** Throws the `StoreError` with which the write rejects. */
  check(value: Stored | undefined): void;
}

/** Values by key. Every write is one transaction: it is applied completely or not at all, and is on disk when it resolves. */
export interface BlobStore {
  /** Whether written data outlives the page. */
  readonly persistent: boolean;
  get(key: string): Promise<Stored | undefined>;
  setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void>;
  /** Writes one value and returns the previous one, in one transaction. */
  replace(key: string, value: Stored): Promise<Stored | undefined>;
  /** Missing keys are ignored. */
  deleteMany(keys: readonly string[]): Promise<void>;
  /** All keys in ascending order. */
  keys(): Promise<readonly string[]>;
  /** Closes the store. Later calls open it again. */
  close(): Promise<void>;
}

/** Whether written data outlives the page; opens a store that opens on first use. Rejects if the store can't be opened. */
export async function isPersistent(store: BlobStore): Promise<boolean> {
  if (store.persistent) await store.get('');
  return store.persistent;
}

/** The fields of a stored value, of any types; none if it isn't an object. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Record<string, unknown>;
}

export function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
}

/** A store that lives as long as the object. Values are copied in and out, as in a database. */
export class MemoryStore implements BlobStore {
  readonly persistent = false;
  readonly #values = new Map<string, Stored>();

  async get(key: string): Promise<Stored | undefined> {
    return structuredClone(this.#values.get(key));
  }

  async setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void> {
    const copies = structuredClone(entries); // throws before the first write if a value can't be cloned
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
