import type { WebLocks } from '../../src/core/locks/web_locks';

type Callback = (lock: object | null) => unknown;
interface Request {
  readonly client: string;
  readonly callback: Callback;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Fake exclusive Web Locks. A context (a page or worker) can die, and then releases all locks that it holds. */
export class FakeLocks {
  readonly #held = new Map<string, Request>();
  readonly #queues = new Map<string, Request[]>();

  /** The lock manager of the context `one`. */
  readonly manager = this.of('one');

  /** Returns the lock manager of a named context. */
  of(client: string): WebLocks {
    const request = async (name: string, ...rest: readonly unknown[]): Promise<unknown> => {
      const callback = rest.at(-1) as Callback;
      const { signal, ifAvailable, steal } = (rest.length > 1 ? rest[0] : {}) as LockOptions;
      signal?.throwIfAborted();
      if (ifAvailable && (this.#held.has(name) || this.waiting(name) > 0)) return callback(null);
      return new Promise((resolve, reject) => {
        const asked = { client, callback, resolve, reject };
        const queue = this.#waiting(name);
        this.#queues.set(name, steal ? [asked, ...queue] : [...queue, asked]);
        signal?.addEventListener('abort', () => {
          const others = this.#waiting(name).filter((waiting) => waiting !== asked);
          if (others.length === this.waiting(name)) return; // the lock was already granted
          this.#queues.set(name, others);
          reject(signal.reason);
        });
        if (steal) this.#held.get(name)?.reject(new DOMException('The lock was stolen', 'AbortError'));
        if (steal) this.#held.delete(name);
        this.#grant(name);
      });
    };
    const query = async (): Promise<LockManagerSnapshot> => ({
      held: [...this.#held].map(([name, { client: clientId }]) => ({ name, clientId, mode: 'exclusive' })),
      pending: [...this.#queues].flatMap(([name, queue]) =>
        queue.map(({ client: clientId }) => ({ name, clientId, mode: 'exclusive' as const })),
      ),
    });
    return { request, query } as WebLocks;
  }

  get held(): readonly string[] {
    return [...this.#held.keys()];
  }

  waiting(name: string): number {
    return this.#waiting(name).length;
  }

  /** Releases a lock, as when its holder's context ends. */
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
    this.#held.set(name, next);
    queueMicrotask(async () => {
      next.resolve(await next.callback({ name }));
      if (this.#held.get(name) === next) this.release(name);
    });
  }
}
