/**
 * Called when a change that can be cancelled is prepared. Resolves if the change is to be made, and rejects if it was
 * cancelled. Before the call nothing has changed; after it nothing can cancel the change.
 */
export type Ready = () => Promise<void>;

/** Waits until a prepared change is to be made; calls `undo` if it was cancelled. */
export async function readyOrUndo(ready: Ready, undo: () => void): Promise<void> {
  try {
    await ready();
  } catch (error) {
    undo();
    throw error;
  }
}
