import type { BlobStore } from './blob_store';

/** The same store. `onKept` is called once: when something is first written that outlives the page. */
export function tellFirst(store: BlobStore, onKept: () => void): BlobStore {
  let isTold = false;
  const tell = (): void => {
    // A store that opens on first use knows by now.
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
