import type { BlobStore } from './blob_store';

/** Wraps a store. Calls `onStored` once, after the first write of data that outlives the page. */
export function onFirstWrite(store: BlobStore, onStored: () => void): BlobStore {
  let isCalled = false;
  const callOnce = (): void => {
    // Even a store that opens on first use is open after a write, so `persistent` is final.
    if (isCalled || !store.persistent) return;
    isCalled = true;
    onStored();
  };
  return {
    get persistent() {
      return store.persistent;
    },
    get: (key) => store.get(key),
    async setMany(entries, condition) {
      await store.setMany(entries, condition);
      callOnce();
    },
    async replace(key, value) {
      const before = await store.replace(key, value);
      callOnce();
      return before;
    },
    move: (from, to) => store.move(from, to),
    deleteMany: (keys) => store.deleteMany(keys),
    keys: () => store.keys(),
    close: () => store.close(),
  };
}
