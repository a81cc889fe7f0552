import type { Clock } from '../../src/core/async/clock';
import { STALLS_AFTER } from '../../src/hub/download';

/** A clock that records pauses and ends them at once. Timers that detect a stall wait for `stall`. */
export class TestClock implements Clock {
  /** The lengths of all pauses in milliseconds. */
  readonly pauses: number[] = [];
  readonly #stalls = new Set<() => void>();
  #now = Date.UTC(2026, 0, 1);

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    if (milliseconds === STALLS_AFTER) {
      this.#stalls.add(call);
      return () => this.#stalls.delete(call);
    }
    this.pauses.push(milliseconds);
    const timer = setImmediate(() => {
      this.#now += milliseconds;
      call();
    });
    return () => clearImmediate(timer);
  }

  /** Fires all timers that detect a stall. */
  stall(): void {
    for (const call of [...this.#stalls]) call();
  }
}
