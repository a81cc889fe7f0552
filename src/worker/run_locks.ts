/** Sees to it that only one run at a time, of all tabs, keeps checkpoints under a name. */
export class RunLocks {
  readonly #locks: Pick<LockManager, 'request'> | undefined;
  /** Of this session: there may be no locks, or they may be refused. */
  readonly #held = new Set<string>();

  constructor(locks: Pick<LockManager, 'request'> | undefined) {
    this.#locks = locks;
  }

  /** What lets go again; undefined where another run has it. */
  async take(name: string): Promise<(() => void) | undefined> {
    if (this.#held.has(name)) return undefined;
    this.#held.add(name);
    let release = (): void => {};
    const over = new Promise<void>((resolve) => {
      release = resolve;
    });
    if (!(await this.#hold(name, over))) {
      this.#held.delete(name);
      return undefined;
    }
    return () => {
      this.#held.delete(name);
      release();
    };
  }

  /** Whether the lock was free; if so, it is held until then. */
  #hold(name: string, until: Promise<void>): Promise<boolean> {
    const locks = this.#locks;
    if (locks === undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      locks
        .request(`webvera:run:${name}`, { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          return lock === null ? undefined : until;
        })
        .catch(() => resolve(true)); // a sandboxed frame is refused locks
    });
  }
}
