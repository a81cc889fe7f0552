import { within } from '../../core/deadline';
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
  let bytes = stored === undefined ? 0 : infoOf(shelf.id, stored.state).bytes;
  // A run in another tab ends now. What it keeps until then goes, too.
  bytes += await shelf.deleteCheckpoints();
  const over = new AbortController();
  const waiting = shelf.waitToLearn(over.signal);
  const release = await within(PATIENCE, waiting, () => undefined).catch(() => undefined);
  over.abort();
  bytes += await shelf.deleteCheckpoints();
  release?.();
  return { bytes };
}
