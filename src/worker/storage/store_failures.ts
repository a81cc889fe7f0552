import { WebVeraError } from '../../core/errors/error';
import { StoreError } from '../../store/store_error';

/** The store doesn't know our errors, and says what went wrong in its own class. */
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
  if (code === 'locked_by_other_tab') return 'It goes on there.';
  if (code !== 'storage_full') {
    return 'Export adapters as files to keep them; private windows and blocked site data forbid storage.';
  }
  return 'checkpoints' in detail
    ? 'Delete one that nobody will go on with: checkpoints.list() tells them, and checkpoints.delete(id) deletes one.'
    : 'Delete stored adapters, or free disk space; the adapter can still be exported as files.';
}
