import type { KeptRun } from './checkpoint_label';
import { StoreError } from './store_error';

/** Up to this many runs, the new one included, stay stored even if some of them could be deleted. */
const KEPT = 4;
/** The largest number of stored runs. */
const MOST = 16;
/** A run that wasn't saved for this many milliseconds isn't expected to be resumed. */
const FORGOTTEN = 30 * 86_400_000;
/** The largest number of runs that an error message lists. */
const LISTED = 4;

/** Returns how many of the other runs should be deleted before a new run is stored (`wanted`), and how many must be deleted (`needed`). */
export function surplus(others: number): { readonly wanted: number; readonly needed: number } {
  return { wanted: Math.max(0, others - KEPT + 1), needed: Math.max(0, others - MOST + 1) };
}

/**
 * Returns the runs that can be deleted unless they are locked: completed runs, then runs that were not saved for 30 days; the oldest first.
 */
export function expendable(runs: readonly KeptRun[], now: number): readonly KeptRun[] {
  const oldestFirst = [...runs].sort((a, b) => a.saved_at - b.saved_at);
  const forgotten = oldestFirst.filter(({ ended, saved_at }) => !ended && now - saved_at > FORGOTTEN);
  return [...oldestFirst.filter(({ ended }) => ended), ...forgotten];
}

/** Returns the error to throw if too few stored runs can be deleted to make room for a new one. */
export function noRoom(runs: readonly KeptRun[]): StoreError {
  const oldestFirst = [...runs].sort((a, b) => a.saved_at - b.saved_at);
  const listed = oldestFirst.slice(0, LISTED).map(inWords).join(', ');
  const more = runs.length > LISTED ? ` and ${runs.length - LISTED} more` : '';
  const expected = `expected fewer than ${MOST} other stored runs that can be resumed`;
  const message = `Storage is full: ${expected}, got ${listed}${more}; deleting one of them makes room`;
  return new StoreError('storage_full', message, { detail: { checkpoints: oldestFirst } });
}

function inWords({ adapters, step, saved_at, bytes }: KeptRun): string {
  const date = new Date(saved_at).toISOString().slice(0, 10);
  const at = step === null ? '' : ` at step ${step}`;
  return `${adapters.join(' and ') || 'a run'}${at} (${date}, ${Math.ceil(bytes / 1000)} kB)`;
}
