import { WebVeraError } from '../../core/errors/error';
import { toKnownError } from '../../core/types/wire';

/** Asynchronous for script tags, whose default worker is fetched first. */
type StartWorker = (name?: string, signal?: AbortSignal) => Worker | Promise<Worker>;

/** Starts a worker. Rejects with `worker_crashed` if that fails. */
export async function startWorker(start: StartWorker, name: string | undefined, signal?: AbortSignal): Promise<Worker> {
  try {
    return await start(name, signal);
  } catch (error) {
    if (error instanceof WebVeraError || signal?.aborted) throw error;
    throw new WebVeraError('worker_crashed', `The worker could not be started: ${toKnownError(error).message}`, {
      hint: 'Does the Content-Security-Policy allow it (worker-src)? Trusted Types must allow the policy `webvera`. A function given as `worker` must start a script of your own origin.',
      cause: error,
    });
  }
}
