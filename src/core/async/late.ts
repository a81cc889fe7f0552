import { WebVeraError } from '../errors/error';
import { lazily } from './lazily';

/**
 * Loads code that few visitors need when it is first needed, in builds of several files. A worker of one file has it from the start. Rejects
 * with `offline` if it can't be loaded; the next call tries again.
 */
export function late<T>(load: () => Promise<T>): () => Promise<T> {
  return lazily(() =>
    load().catch((cause: unknown) => {
      throw new WebVeraError('offline', "Expected another part of the worker's code, but there was no connection", {
        hint: 'Check the connection, and reload the page: its site may have a new version.',
        retryable: true,
        cause,
      });
    }),
  );
}
