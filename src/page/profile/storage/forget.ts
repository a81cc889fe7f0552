import { notifyTabs } from './channel';
import type { ProfileStorage } from './profile_storage';
import { infoOf } from './record';

/** Milliseconds within which a run in another tab must end. */
const PATIENCE = 5000;

/** Deletes a stored profile with its checkpoints, and notifies all tabs. Resolves with the number of bytes freed. */
export async function forgetStored(storage: ProfileStorage): Promise<{ bytes: number }> {
  const stored = await storage.read().catch(() => undefined); // a damaged profile can still be deleted
  await storage.delete();
  notifyTabs(storage.id);
  const kept = stored === undefined ? 0 : infoOf(storage.id, stored.state).bytes;
  const saved = await storage.deleteCheckpoints();
  // A run in another tab ends now, and deletes the checkpoints that it stores meanwhile. Wait for it, so that none are
  // left when this resolves.
  const late = AbortSignal.timeout(PATIENCE);
  const release = await storage.waitToLearn(late).catch(() => undefined);
  release?.();
  return { bytes: kept + saved + (await storage.deleteCheckpoints()) };
}
