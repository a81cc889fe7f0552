import type { KeptRun } from './checkpoint_label';
import { StoreError } from './store_error';

/** Runs of which what may go is kept for a while, the newest ones. */
const KEPT = 4;
/** Runs that are kept at most. */
const MOST = 16;
/** Milliseconds after which nobody is expected to go on with a run. */
const FORGOTTEN = 30 * 86_400_000;
/** Runs that a message lists. */
const LISTED = 4;

/** How many of the other runs are to go for another one, as far as they may, and how many must. */
export function surplus(others: number): { readonly wanted: number; readonly needed: number } {
  return { wanted: Math.max(0, others - KEPT + 1), needed: Math.max(0, others - MOST + 1) };
}

/** Those that may go unless they go on: runs that have ended, then those that nobody has touched; the oldest ones first. */
export function expendable(runs: readonly KeptRun[], now: number): readonly KeptRun[] {
  const oldestFirst = [...runs].sort((a, b) => a.saved_at - b.saved_at);
  const forgotten = oldestFirst.filter(({ ended, saved_at }) => !ended && now - saved_at > FORGOTTEN);
  return [...oldestFirst.filter(({ ended }) => ended), ...forgotten];
}

/** Where none of those that are kept may go. */
export function noRoom(runs: readonly KeptRun[]): StoreError {
  const oldestFirst = [...runs].sort((a, b) => a.saved_at - b.saved_at);
  const listed = oldestFirst.slice(0, LISTED).map(inWords).join(', ');
  const more = runs.length > LISTED ? ` and ${runs.length - LISTED} more` : '';
  const expected = `expected fewer than ${MOST} other runs to be kept that may be gone on with`;
  const message = `Storage is full: ${expected}, got ${listed}${more}; deleting one of them makes room`;
  return new StoreError('storage_full', message, { detail: { checkpoints: oldestFirst } });
}

function inWords({ adapters, step, saved_at, bytes }: KeptRun): string {
  const date = new Date(saved_at).toISOString().slice(0, 10);
  const at = step === null ? '' : ` at step ${step}`;
  return `${adapters.join(' and ') || 'a run'}${at} (${date}, ${Math.ceil(bytes / 1000)} kB)`;
}
