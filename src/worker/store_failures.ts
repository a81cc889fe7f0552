import { WebVeraError } from '../core/error';
import { StoreError } from '../store/store_error';

/** The store imports nothing of ours, and says what went wrong in its own class. */
export async function known<T>(outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const hint =
      error.code === 'storage_full'
        ? 'Delete stored adapters, or free disk space; the adapter can still be exported as files.'
        : 'Export adapters as files to keep them; private windows and blocked site data forbid storage.';
    throw new WebVeraError(error.code, error.message, { hint, cause: error, retryable: error.retryable });
  }
}
