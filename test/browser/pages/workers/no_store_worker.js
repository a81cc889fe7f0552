// The library's worker, in a browser that denies access to IndexedDB.
export {};

Object.defineProperty(self, 'indexedDB', {
  get() {
    throw new DOMException('The operation is insecure.', 'SecurityError');
  },
});
const url = '/dist/worker.js';
await import(url);
