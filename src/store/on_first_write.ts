import type { BlobStore } from './blob_store';

/** Wraps a store. `onStored` is called once, after the first write of data that outlives the page. */
export function onFirstWrite(store: BlobStore, onStored: () => void): BlobStore {
  let isCalled = false;
  const callOnce = (): void => {
    // A store that opens on first use has opened by now, so `persistent` is final.
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
    deleteMany: (keys) => store.deleteMany(keys),
    keys: () => store.keys(),
    close: () => store.close(),
  };
}
