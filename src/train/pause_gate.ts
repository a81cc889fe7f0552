import type { PauseReason } from '../core/training';

interface Waiter {
  resolve(): void;
}

/** Lets a loop be paused between two steps. Pausing for two reasons needs both to be resumed. */
export class PauseGate {
  readonly #reasons = new Set<PauseReason>();
  #entering: Waiter[] = [];
  #leaving: ((reason: PauseReason) => void) | undefined;
  /** At first nothing moves. */
  #inside = true;
  #closed = false;

  get requested(): boolean {
    return this.#reasons.size > 0;
  }

  /** The loop sets out. */
  begin(): void {
    this.#inside = false;
  }

  /** Resolves once the loop stands still. */
  pause(reason: PauseReason): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#reasons.add(reason);
    if (this.#inside) return Promise.resolve();
    return new Promise((resolve) => this.#entering.push({ resolve }));
  }

  resume(reason: PauseReason): void {
    this.#reasons.delete(reason);
    if (this.#reasons.size === 0) this.#leaving?.(reason);
  }

  /** Whatever asked for a pause, the loop goes on. */
  resumeAll(): void {
    this.#reasons.clear();
    this.#leaving?.('user');
  }

  /** The loop stands still now. */
  enter(): PauseReason {
    this.#inside = true;
    this.#release();
    return this.#reasons.values().next().value ?? 'user';
  }

  /** Waits until nothing asks for a pause any more; rejects with `signal.reason` when aborted. */
  async wait(signal: AbortSignal): Promise<PauseReason> {
    try {
      signal.throwIfAborted();
      if (!this.requested) return 'user';
      return await new Promise((resolve, reject) => {
        this.#leaving = resolve;
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    } finally {
      this.#leaving = undefined;
      this.#inside = false;
    }
  }

  /** The loop is over: nobody waits for it any more. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    for (const { resolve } of this.#entering) resolve();
    this.#entering = [];
  }
}
