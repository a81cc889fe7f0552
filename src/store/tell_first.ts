import type { BlobStore } from './blob_store';

/** Wraps a store. `onStored` is called once, after the first write of data that outlives the page. */
export function tellFirst(store: BlobStore, onKept: () => void): BlobStore {
  let isTold = false;
  const tell = (): void => {
    // A store that opens on first use has opened by now, so `persistent` is final.
    if (isTold || !store.persistent) return;
    isTold = true;
    onKept();
  };
  return {
    get persistent() {
      return store.persistent;
    },
    get: (key) => store.get(key),
    async setMany(entries, condition) {
      await store.setMany(entries, condition);
      tell();
    },
    async replace(key, value) {
      const before = await store.replace(key, value);
      tell();
      return before;
    },
    deleteMany: (keys) => store.deleteMany(keys),
    keys: () => store.keys(),
    close: () => store.close(),
  };
}
