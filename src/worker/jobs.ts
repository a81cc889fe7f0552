import { keyHolds } from '../adapters/overlay';
import { WebVeraError } from '../core/error';

interface Job {
  readonly key: string;
  readonly controller: AbortController;
  readonly over: Promise<void>;
}

/** What is at work on a model, so that nothing is freed under it. */
export class Jobs {
  readonly #running = new Set<Job>();
  #closed = false;

  /**
   * Runs `body`, at once. Its signal aborts with `signal`, and when the job is ended. `key` tells what it works with, as
   * an overlay's key does.
   * Throws `invalid_argument` after `close`.
   */
  async run<T>(key: string, signal: AbortSignal | undefined, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) {
      throw new WebVeraError('invalid_argument', 'Expected a model that is loaded, but it was disposed of', {
        hint: 'Load the model again.',
      });
    }
    const controller = new AbortController();
    let finish = (): void => {};
    const over = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const job = { key, controller, over };
    this.#running.add(job);
    try {
      return await body(AbortSignal.any(signal === undefined ? [controller.signal] : [signal, controller.signal]));
    } finally {
      this.#running.delete(job);
      finish();
    }
  }

  /** Aborts the jobs that work with what `key` stands for, with `reason`, and resolves once they are over. */
  async end(key: string, reason: unknown): Promise<void> {
    await this.#end(reason, (job) => keyHolds(job.key, key));
  }

  /** Ends all jobs, and lets no more begin. */
  async close(reason: unknown): Promise<void> {
    this.#closed = true;
    await this.#end(reason, () => true);
  }

  async #end(reason: unknown, test: (job: Job) => boolean): Promise<void> {
    const ended = [...this.#running].filter(test);
    for (const { controller } of ended) controller.abort(reason);
    await Promise.all(ended.map(({ over }) => over));
  }
}
