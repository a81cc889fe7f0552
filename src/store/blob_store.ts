/** A stored value: anything that structured clone supports. */
export type Stored = unknown;

/** A condition of a write, checked in the same transaction. */
export interface Condition {
  readonly key: string;
  /** Throws a `StoreError` if the write must not happen; the write then rejects with this error. */
  check(value: Stored | undefined): void;
}

/**
 * Values by key. Every write is one transaction: it is applied completely or not at all. If the store is persistent, the data are on disk
 * once the write resolves.
 */
export interface Records {
  /** Whether written data outlives the page. */
  readonly persistent: boolean;
  get(key: string): Promise<Stored | undefined>;
  setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void>;
  /** Writes one value and returns the previous one, in one transaction. */
  replace(key: string, value: Stored): Promise<Stored | undefined>;
  /** Deletes the values of these keys. Missing keys are ignored. */
  deleteMany(keys: readonly string[]): Promise<void>;
  /** All keys in ascending order. */
  keys(): Promise<readonly string[]>;
  /** Closes the store. Later calls open it again. */
  close(): Promise<void>;
}

/** A store that can also move a value to another key. The store of cached downloads doesn't need this. */
export interface BlobStore extends Records {
  /**
   * Moves a value from one key to another, in one transaction. Changes nothing if `from` has no value ('missing'), or if another value is
   * stored under `to` ('taken').
   */
  move(from: string, to: string): Promise<'moved' | 'missing' | 'taken'>;
}

/** Returns whether written data outlives the page. Opens the store first if it hasn't been opened yet, and rejects if that fails. */
export async function isPersistent(store: Records): Promise<boolean> {
  if (store.persistent) await store.get('');
  return store.persistent;
}

/** Returns the fields of a stored value, with unknown types; an empty object if the value is undefined or null. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Record<string, unknown>;
}

export function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
}

/** A store in memory: its data is lost with the object. Values are copied on reads and writes, as in a database. */
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

  async move(from: string, to: string): Promise<'moved' | 'missing' | 'taken'> {
    if (!this.#values.has(from)) return 'missing';
    if (to !== from && this.#values.has(to)) return 'taken';
    const value = this.#values.get(from);
    this.#values.delete(from);
    this.#values.set(to, value);
    return 'moved';
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#values.delete(key);
  }

  async keys(): Promise<readonly string[]> {
    return [...this.#values.keys()].sort();
  }

  async close(): Promise<void> {}
}
