import { untilAborted } from '../../../core/async/abort';
import { WebVeraError } from '../../../core/errors/error';

/** Lets go of a lock. */
export type Release = () => void;

/** Milliseconds that another tab may take for a change. */
const PATIENCE = 10_000;

/** Sees to it that what is done to one profile, in whatever tab, comes one after the other. */
export class ProfileLocks {
  readonly #locks: Pick<LockManager, 'request'> | undefined;
  readonly #isShared: () => Promise<boolean>;
  /** By name, what ends when it is let go: where there are no Web Locks, as in Node, or none for this page, or no other tab is concerned. */
  readonly #here = new Map<string, Promise<void>>();

  /** `isShared`: whether other tabs see the same profiles. What it rejects with, requests do. */
  constructor(locks: Pick<LockManager, 'request'> | undefined, isShared = async () => true) {
    this.#locks = locks;
    this.#isShared = isShared;
  }

  /** Runs `body` while nobody else holds the lock. Rejects with `locked_by_other_tab` where somebody has it for ever. */
  async hold<T>(name: string, body: () => Promise<T>): Promise<T> {
    const patience = AbortSignal.timeout(PATIENCE);
    const release = await this.wait(name, patience).catch((error: unknown) => {
      throw error === patience.reason ? heldUp(name) : error;
    });
    try {
      return await body();
    } finally {
      release();
    }
  }

  /** Undefined where somebody has it. */
  take(name: string): Promise<Release | undefined> {
    return this.#request(name, { ifAvailable: true });
  }

  /** Waits until it is free. Rejects with `signal.reason`. */
  async wait(name: string, signal?: AbortSignal): Promise<Release> {
    const release = await this.#request(name, signal === undefined ? {} : { signal });
    return release ?? (() => {});
  }

  async #request(name: string, options: LockOptions): Promise<Release | undefined> {
    const locks = this.#locks;
    const isHere = locks === undefined || !(await this.#isShared());
    options.signal?.throwIfAborted();
    if (isHere) return this.#requestHere(name, options);
    return new Promise((resolve, reject) => {
      locks
        .request(name, options, (lock) => {
          if (lock === null) return resolve(undefined);
          return new Promise<void>((release) => resolve(release));
        })
        .catch(() => {
          if (options.signal?.aborted) reject(options.signal.reason);
          else this.#requestHere(name, options).then(resolve, reject);
        });
    });
  }

  async #requestHere(name: string, { ifAvailable = false, signal }: LockOptions): Promise<Release | undefined> {
    for (let held = this.#here.get(name); held !== undefined; held = this.#here.get(name)) {
      if (ifAvailable) return undefined;
      await untilAborted(held, signal);
    }
    let release = (): void => {};
    const over = new Promise<void>((resolve) => {
      release = () => {
        this.#here.delete(name);
        resolve();
      };
    });
    this.#here.set(name, over);
    return release;
  }
}

function heldUp(name: string): WebVeraError {
  return new WebVeraError('locked_by_other_tab', `Expected ${name} to be free within ${PATIENCE / 1000} s`, {
    retryable: true,
    hint: 'Another tab is in the middle of a change, and may be frozen. Look at it, or close it.',
  });
}
