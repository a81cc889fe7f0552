/**
 * Asks the browser not to delete what is stored here when space runs out. Some ask the visitor, and answer when that one
 * does. False where the browser refuses, or knows no such thing.
 */
export async function persist(): Promise<boolean> {
  try {
    const storage: Partial<StorageManager> | undefined = globalThis.navigator?.storage;
    // Workers have no `persist`.
    return (await (storage?.persist ?? storage?.persisted)?.call(storage)) ?? false;
  } catch {
    return false; // a frame of no origin, which keeps nothing anyway
  }
}
