/**
 * Asks the browser not to evict this site's storage when disk space runs out. Some browsers ask the visitor first, and
 * this waits for the answer. Resolves with false if the browser refuses or has no such function.
 */
export async function persist(): Promise<boolean> {
  try {
    const storage: Partial<StorageManager> | undefined = globalThis.navigator?.storage;
    // Workers have no `persist`.
    return (await (storage?.persist ?? storage?.persisted)?.call(storage)) ?? false;
  } catch {
    return false; // a frame without an origin, which can't store anything
  }
}
