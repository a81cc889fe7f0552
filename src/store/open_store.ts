import { type BlobStore, MemoryStore } from './blob_store';
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

/** Returns a store that opens on first use, so that users who save nothing get no warnings. */
export function openStore(options: OpenStoreOptions): BlobStore {
  return options.kind === 'memory' ? new MemoryStore() : lazyStore(options);
}

function lazyStore({ name = 'webvera', indexedDB, onFallback }: OpenStoreOptions): BlobStore {
  let persistent = true;
  let opened: Promise<BlobStore> | undefined;

  const choose = async (): Promise<BlobStore> => {
    try {
      // A sandboxed frame throws when `indexedDB` is read.
      const factory = indexedDB ?? (globalThis.indexedDB as IDBFactory | undefined);
      if (factory === undefined) throw new Error('there is no IndexedDB here');
      const store = new IndexedDbStore(name, factory);
      await store.open();
      return store;
    } catch (error) {
      if (error instanceof StoreError && error.retryable) throw error;
      persistent = false;
      onFallback?.(error instanceof Error ? error.message : String(error));
      return new MemoryStore();
    }
  };
  const open = (): Promise<BlobStore> => {
    opened ??= choose().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  return {
    get persistent() {
      return persistent;
    },
    get: async (key) => (await open()).get(key),
    setMany: async (entries, condition) => (await open()).setMany(entries, condition),
    replace: async (key, value) => (await open()).replace(key, value),
    move: async (from, to) => (await open()).move(from, to),
    deleteMany: async (keys) => (await open()).deleteMany(keys),
    keys: async () => (await open()).keys(),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}
