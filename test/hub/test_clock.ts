import type { Clock } from '../../src/core/async/clock';
import { STALLS_AFTER } from '../../src/hub/download';

/** Pauses end at once, and are recorded; a stall's timer waits for `stall`. */
export class TestClock implements Clock {
  /** Milliseconds of all pauses. */
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

  /** Ends the wait of all stall timers. */
  stall(): void {
    for (const call of [...this.#stalls]) call();
  }
}
