import { WebVeraError } from '../errors/error';
import { lazily } from './lazily';

/**
 * Loads code on first use, because few visitors need it. A build of a single file already contains the code. Rejects with
 * `offline` if the code can't be loaded; the next call tries again.
 */
export function late<T>(load: () => Promise<T>): () => Promise<T> {
  return lazily(() =>
    load().catch((cause: unknown) => {
      throw new WebVeraError('offline', "Expected another part of webvera's code, but it could not be loaded", {
        hint: 'Check the connection, and reload the page: its site may have a new version.',
        retryable: true,
        cause,
      });
    }),
  );
}
