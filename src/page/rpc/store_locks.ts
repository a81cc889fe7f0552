import { untilAborted } from '../../core/async/abort';
import { WebVeraError } from '../../core/errors/error';
import { requestLock, type WebLocks } from '../../core/locks/web_locks';

/** Releases a lock. */
export type Release = () => void;

/** Milliseconds that `hold` waits for a lock. */
const PATIENCE = 10_000;

/** Locks by name, so that changes of one profile by any tab are made one after the other. */
export class StoreLocks {
  readonly #locks: WebLocks | undefined;
  readonly #isShared: () => Promise<boolean>;
  /**
   * Locks held in this thread, by name, each with a promise that resolves on release. Used without Web Locks, as in
   * Node, if this page is refused them, or if other tabs don't share the store.
   */
  readonly #here = new Map<string, Promise<void>>();

  /** `isShared`: whether other tabs share the store. If it rejects, so do requests for a lock. */
  constructor(locks: WebLocks | undefined, isShared = async () => true) {
    this.#locks = locks;
    this.#isShared = isShared;
  }

  /** Runs `body` while it holds the lock. Rejects with `locked_by_other_tab` after waiting too long. */
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

  /** Takes the lock. Resolves with undefined if it is held. */
  take(name: string): Promise<Release | undefined> {
    return this.#request(name, { ifAvailable: true });
  }

  /** Waits for the lock and takes it. Rejects with `signal.reason`. */
  async wait(name: string, signal?: AbortSignal): Promise<Release> {
    const release = await this.#request(name, signal === undefined ? {} : { signal });
    return release ?? (() => {});
  }

  async #request(name: string, options: LockOptions): Promise<Release | undefined> {
    const locks = this.#locks;
    const isHere = locks === undefined || !(await this.#isShared());
    options.signal?.throwIfAborted();
    if (isHere) return this.#requestHere(name, options);
    try {
      const held = await requestLock(locks, name, options, undefined);
      return held && (() => held.release());
    } catch {
      options.signal?.throwIfAborted();
      return this.#requestHere(name, options);
    }
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
