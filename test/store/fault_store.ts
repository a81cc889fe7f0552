import { type BlobStore, type Condition, MemoryStore, type Stored } from '../../src/store/blob_store';
import { StoreError, type StoreErrorCode } from '../../src/store/store_error';

/** A memory store whose Nth operation (counted from 1) fails without any effect. */
export class FaultStore implements BlobStore {
  readonly persistent = true;
  readonly #inner: BlobStore;
  readonly #failing: number;
  readonly #code: StoreErrorCode;
  operations = 0;

  constructor(failing: number, inner: BlobStore = new MemoryStore(), code: StoreErrorCode = 'storage_full') {
    this.#failing = failing;
    this.#inner = inner;
    this.#code = code;
  }

  get failed(): boolean {
    return this.operations >= this.#failing;
  }

  get(key: string): Promise<Stored | undefined> {
    return this.#step(() => this.#inner.get(key));
  }

  setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void> {
    return this.#step(() => this.#inner.setMany(entries, condition));
  }

  replace(key: string, value: Stored): Promise<Stored | undefined> {
    return this.#step(() => this.#inner.replace(key, value));
  }

  move(from: string, to: string): ReturnType<BlobStore['move']> {
    return this.#step(() => this.#inner.move(from, to));
  }

  deleteMany(keys: readonly string[]): Promise<void> {
    return this.#step(() => this.#inner.deleteMany(keys));
  }

  keys(): Promise<readonly string[]> {
    return this.#step(() => this.#inner.keys());
  }

  async close(): Promise<void> {}

  async #step<T>(operation: () => Promise<T>): Promise<T> {
    this.operations++;
    if (this.operations === this.#failing) throw new StoreError(this.#code, `operation ${this.operations} fails`);
    return operation();
  }
}
