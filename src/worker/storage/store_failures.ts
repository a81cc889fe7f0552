import { WebVeraError } from '../../core/errors/error';
import { StoreError } from '../../store/store_error';

/** Turns errors of the store into `WebVeraError`s with a hint. */
export async function known<T>(outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { code, message, retryable, detail } = error;
    throw new WebVeraError(code, message, { hint: hintFor(error), cause: error, retryable, detail });
  }
}

function hintFor({ code, detail }: StoreError): string {
  if (code === 'locked_by_other_tab') return 'It is in use there. Close that tab, or wait until it ends there.';
  if (code !== 'storage_full') {
    return 'Export adapters as files to keep them; private windows and blocked site data forbid storage.';
  }
  return 'checkpoints' in detail
    ? 'Delete a run that will not be resumed: checkpoints.list() returns the runs, checkpoints.delete(id) deletes one.'
    : 'Delete stored adapters, or free disk space; the adapter can still be exported as files.';
}
