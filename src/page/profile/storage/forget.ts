import { tellTabs } from './channel';
import { infoOf } from './record';
import type { ProfileShelf } from './shelf';

/** Milliseconds that a run in another tab has to end. */
const PATIENCE = 5000;

/** Deletes all that is stored of a profile, tells all tabs, and gives how many bytes it were. */
export async function forgetStored(shelf: ProfileShelf): Promise<{ bytes: number }> {
  const stored = await shelf.read().catch(() => undefined); // what can't be read can be deleted
  await shelf.delete();
  tellTabs(shelf.id);
  const kept = stored === undefined ? 0 : infoOf(shelf.id, stored.state).bytes;
  const saved = await shelf.deleteCheckpoints();
  // A run in another tab ends now, and deletes what it saves until then; so that it is gone when this resolves, wait for it.
  const late = AbortSignal.timeout(PATIENCE);
  const release = await shelf.waitToLearn(late).catch(() => undefined);
  release?.();
  return { bytes: kept + saved + (await shelf.deleteCheckpoints()) };
}
