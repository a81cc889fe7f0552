import { tellTabs } from './channel';
import { infoOf } from './record';
import type { ProfileShelf } from './shelf';

/** Milliseconds within which a run in another tab must end. */
const PATIENCE = 5000;

/** Deletes a stored profile with its checkpoints, and notifies all tabs. Resolves with the number of bytes freed. */
export async function forgetStored(shelf: ProfileShelf): Promise<{ bytes: number }> {
  const stored = await shelf.read().catch(() => undefined); // a damaged profile can still be deleted
  await shelf.delete();
  tellTabs(shelf.id);
  const kept = stored === undefined ? 0 : infoOf(shelf.id, stored.state).bytes;
  const saved = await shelf.deleteCheckpoints();
  // A run in another tab ends now, and deletes the checkpoints that it stores meanwhile. Wait for it, so that none are
  // left when this resolves.
  const late = AbortSignal.timeout(PATIENCE);
  const release = await shelf.waitToLearn(late).catch(() => undefined);
  release?.();
  return { bytes: kept + saved + (await shelf.deleteCheckpoints()) };
}
