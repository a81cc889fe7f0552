import { keyHolds } from '../../adapters/layers/overlay';
import { WebVeraError } from '../../core/errors/error';

interface Job {
  readonly key: string;
  readonly controller: AbortController;
  readonly over: Promise<void>;
}

/** Tracks the jobs that use a model, so that nothing is freed while a job needs it. */
export class Jobs {
  readonly #running = new Set<Job>();
  readonly #failure: AbortSignal;
  #closed = false;

  /** `failure` aborts with the error that made the model's device unusable. */
  constructor(failure: AbortSignal) {
    this.#failure = failure;
  }

  /**
   * Runs `body` at once. The signal for `body` aborts with `signal`, when `end` or `close` ends the job, and when the device fails. `key`:
   * the key of the overlay (adapters and changed weights) that the job uses; any other string if it uses none. Throws `invalid_argument`
   * after `close`, and the device's error after the device has failed.
   */
  async run<T>(key: string, signal: AbortSignal | undefined, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) {
      throw new WebVeraError('invalid_argument', 'Expected a model that is loaded, but it was disposed of', {
        hint: 'Load the model again.',
      });
    }
    this.#failure.throwIfAborted();
    const controller = new AbortController();
    let finish = (): void => {};
    const over = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const job = { key, controller, over };
    this.#running.add(job);
    try {
      const ends = [controller.signal, this.#failure];
      return await body(AbortSignal.any(signal === undefined ? ends : [signal, ...ends]));
    } finally {
      this.#running.delete(job);
      finish();
    }
  }

  /** Aborts the jobs that use the adapter or the merged weights with this key, and waits until they are over. */
  async end(key: string, reason: unknown): Promise<void> {
    await this.#end(reason, (job) => keyHolds(job.key, key));
  }

  /** Ends all jobs and rejects new ones. */
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
