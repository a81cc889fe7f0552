type Callback = (lock: object | null) => unknown;
interface Request {
  readonly callback: Callback;
  readonly resolve: (value: unknown) => void;
}

/** Exclusive Web Locks, and a way to die: all that a worker holds is then released. */
export class FakeLocks {
  readonly #held = new Set<string>();
  readonly #queues = new Map<string, Request[]>();

  /** As one context sees the locks. */
  readonly manager = {
    request: (name: string, ...rest: readonly unknown[]): Promise<unknown> => {
      const callback = rest.at(-1) as Callback;
      const { signal, ifAvailable } = (rest.length > 1 ? rest[0] : {}) as LockOptions;
      if (ifAvailable && this.#held.has(name)) return Promise.resolve(callback(null));
      return new Promise((resolve, reject) => {
        const request = { callback, resolve };
        this.#queues.set(name, [...(this.#queues.get(name) ?? []), request]);
        signal?.addEventListener('abort', () => {
          this.#queues.set(
            name,
            this.#waiting(name).filter((waiting) => waiting !== request),
          );
          reject(signal.reason);
        });
        this.#grant(name);
      });
    },
  } as Pick<LockManager, 'request'>;

  get held(): readonly string[] {
    return [...this.#held];
  }

  waiting(name: string): number {
    return this.#waiting(name).length;
  }

  /** What happens when the holder's context is gone. */
  release(name: string): void {
    this.#held.delete(name);
    this.#grant(name);
  }

  #waiting(name: string): Request[] {
    return this.#queues.get(name) ?? [];
  }

  #grant(name: string): void {
    const [next, ...others] = this.#waiting(name);
    if (next === undefined || this.#held.has(name)) return;
    this.#queues.set(name, others);
    this.#held.add(name);
    queueMicrotask(async () => {
      next.resolve(await next.callback({ name }));
      this.release(name);
    });
  }
}
