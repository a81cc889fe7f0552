/**
 * Called once a change that can be cancelled is prepared: resolves when it is to be done, and rejects when it isn't.
 * Before that nothing has changed, and after it nothing cancels it.
 */
export type Ready = () => Promise<void>;

/** Waits until a prepared change is to be done; calls `undo` where it isn't. */
export async function readyOrUndo(ready: Ready, undo: () => void): Promise<void> {
  try {
    await ready();
  } catch (error) {
    undo();
    throw error;
  }
}
