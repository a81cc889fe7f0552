import { RemoteGeneration } from '../models/remote_generation';

/** Calls `release` when a generation has ended, however. */
export function ending<Result, G extends PromiseLike<Result>>(generation: G, release: () => void): G {
  generation.then(release, release);
  return generation;
}

/** A generation that rejects at once. */
export function refused<Token, Result>(error: unknown): RemoteGeneration<Token, Result> {
  return new RemoteGeneration<Token, Result>(
    () => Promise.reject(error),
    () => {
      throw error;
    },
  );
}
