import { takeLock } from './web_lock';

/** Sees to it that only one run at a time, of all tabs, keeps checkpoints under a name. */
export class RunLocks {
  readonly #locks: Pick<LockManager, 'request'> | undefined;
  /** Of this session. */
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
    // Where there are no locks, the session still sees to its own runs.
    if ((await takeLock(this.#locks, `webvera:run:${name}`, over)) === 'taken') {
      this.#held.delete(name);
      return undefined;
    }
    return () => {
      this.#held.delete(name);
      release();
    };
  }
}
