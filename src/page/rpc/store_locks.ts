import { untilAborted } from '../../core/async/abort';
import { WebVeraError } from '../../core/errors/error';
import { requestLock, type WebLocks } from '../../core/locks/web_locks';

/** Releases a lock. */
export type Release = () => void;

/** Milliseconds that `hold` waits for a lock. */
const PATIENCE = 10_000;

/** Locks by name. With them, tabs change a profile one after the other. */
export class StoreLocks {
  readonly #locks: WebLocks | undefined;
  readonly #isShared: () => Promise<boolean>;
  /**
   * Locks held in this thread, by name, each with a promise that resolves on release. Used if there are no Web Locks, as in
   * Node before 24, if the browser refuses them to this page, or if other tabs don't share the store.
   */
  readonly #here = new Map<string, Promise<void>>();

  /** `isShared`: whether other tabs share the store. If `isShared` rejects, requests for a lock reject too. */
  constructor(locks: WebLocks | undefined, isShared = async () => true) {
    this.#locks = locks;
    this.#isShared = isShared;
  }

  /** Runs `body` while it holds the lock. Rejects with `locked_by_other_tab` if the lock isn't free within 10 s. */
  async hold<T>(name: string, body: () => Promise<T>): Promise<T> {
    const release = await this.take(name, PATIENCE);
    if (release === undefined) throw heldUp(name);
    try {
      return await body();
    } finally {
      release();
    }
  }

  /** Takes the lock. Resolves with undefined if the lock isn't free within `patience` milliseconds. */
  async take(name: string, patience = 0): Promise<Release | undefined> {
    const locks = await this.#shared();
    // On a busy page, even a free lock may be granted later than `patience`, so it is first requested without a time limit.
    const free = await this.#request(locks, name, { ifAvailable: true });
    if (free !== undefined || patience === 0) return free;
    const late = AbortSignal.timeout(patience);
    return this.#request(locks, name, { signal: late }).catch((error: unknown) => {
      if (error !== late.reason) throw error;
      return undefined;
    });
  }

  /** Waits for the lock and takes it. Rejects with `signal.reason` when the signal aborts. */
  async wait(name: string, signal?: AbortSignal): Promise<Release> {
    const release = await this.#request(await this.#shared(), name, signal === undefined ? {} : { signal });
    return release ?? (() => {});
  }

  /** Returns the Web Locks, which all tabs share; undefined if there are none, or if other tabs don't share the store. */
  async #shared(): Promise<WebLocks | undefined> {
    const locks = this.#locks;
    return locks !== undefined && (await this.#isShared()) ? locks : undefined;
  }

  async #request(locks: WebLocks | undefined, name: string, options: LockOptions): Promise<Release | undefined> {
    options.signal?.throwIfAborted();
    if (locks === undefined) return this.#requestHere(name, options);
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
        // A second call must not delete the entry of a later holder.
        if (this.#here.get(name) === over) this.#here.delete(name);
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
    hint: 'Another tab is in the middle of a change, and may be frozen. Switch to that tab, or close it.',
  });
}
