import { type BlobStore, type Condition, MemoryStore, type Stored } from './blob_store';
import { IndexedDbStore } from './indexeddb_store';
import { StoreError } from './store_error';

interface OpenStoreOptions {
  /** 'auto': IndexedDB, or memory if it can't be opened. While another tab blocks the database, calls reject. */
  readonly kind: 'auto' | 'memory';
  /** Called once, with the reason, if memory replaces IndexedDB. */
  readonly onFallback?: (reason: string) => void;
  /** Default: `globalThis.indexedDB`. */
  readonly indexedDB?: IDBFactory | undefined;
  /** The name of the database. Default: 'webvera'. */
  readonly name?: string;
}

/** A store that opens on first use, so that users who save nothing get no warnings. */
export function openStore(options: OpenStoreOptions): BlobStore {
  return options.kind === 'memory' ? new MemoryStore() : new LazyStore(options);
}

class LazyStore implements BlobStore {
  readonly #options: OpenStoreOptions;
  #store: Promise<BlobStore> | undefined;
  #persistent = true;

  constructor(options: OpenStoreOptions) {
    this.#options = options;
  }

  get persistent(): boolean {
    return this.#persistent;
  }

  async get(key: string): Promise<Stored | undefined> {
    return (await this.#open()).get(key);
  }

  async setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void> {
    return (await this.#open()).setMany(entries, condition);
  }

  async replace(key: string, value: Stored): Promise<Stored | undefined> {
    return (await this.#open()).replace(key, value);
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    return (await this.#open()).deleteMany(keys);
  }

  async keys(): Promise<readonly string[]> {
    return (await this.#open()).keys();
  }

  async close(): Promise<void> {
    await (await this.#store?.catch(() => undefined))?.close();
  }

  #open(): Promise<BlobStore> {
    this.#store ??= this.#choose().catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }

  async #choose(): Promise<BlobStore> {
    const { name = 'webvera', onFallback } = this.#options;
    try {
      // A sandboxed frame throws when `indexedDB` is read.
      const factory = this.#options.indexedDB ?? (globalThis.indexedDB as IDBFactory | undefined);
      if (factory === undefined) throw new Error('there is no IndexedDB here');
      const store = new IndexedDbStore(name, factory);
      await store.open();
      return store;
    } catch (error) {
      if (error instanceof StoreError && error.retryable) throw error;
      this.#persistent = false;
      onFallback?.(error instanceof Error ? error.message : String(error));
      return new MemoryStore();
    }
  }
}
