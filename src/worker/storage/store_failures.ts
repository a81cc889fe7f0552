import { WebVeraError } from '../../core/errors/error';
import { StoreError } from '../../store/store_error';

/** Turns errors of the store into `WebVeraError`s with a hint. `canExport`: whether the caller can still export the adapter as files. */
export async function known<T>(outcome: Promise<T>, canExport = false): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { code, message, retryable, detail } = error;
    throw new WebVeraError(code, message, { hint: hintFor(error, canExport), cause: error, retryable, detail });
  }
}

function hintFor({ code, detail }: StoreError, canExport: boolean): string {
  if (code === 'locked_by_other_tab') return 'It is in use there. Close that tab, or wait until it ends there.';
  if ('checkpoints' in detail) {
    return 'Delete a run that will not be resumed: checkpoints.list() returns the runs, checkpoints.delete(id) deletes one.';
  }
  if (code === 'storage_corrupt') {
    return 'isNewer' in detail
      ? 'Reload the page: its site may have a new version.'
      : 'adapters.delete(id) deletes it.';
  }
  const instead = canExport ? ' The adapter can still be exported as files.' : '';
  return code === 'storage_full'
    ? `Delete stored adapters or profiles, or free disk space.${instead}`
    : `Private windows and blocked site data forbid storage.${instead}`;
}
