import type { Clock } from '../../src/core/async/clock';
import { STALLS_AFTER } from '../../src/hub/download';

/** Pauses are over at once, and noted; what waits for a stall waits until the test says so. */
export class TestClock implements Clock {
  /** Milliseconds of the pauses so far. */
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

  /** Half a minute goes by. */
  stall(): void {
    for (const call of [...this.#stalls]) call();
  }
}
