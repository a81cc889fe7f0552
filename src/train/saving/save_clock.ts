/** Milliseconds of training that may be lost: at first, and at most. */
const FIRST = 2_000;
const MOST = 30_000;
/** Steps until a state requested now is saved, as outcomes arrive two steps late. */
const LATENCY = 3;

/**
 * Says when it is time to save a run, so that a page that is closed without notice loses no more than two seconds or half of
 * its training, whichever is more, and never more than thirty seconds.
 */
export class SaveClock {
  readonly #now: () => number;
  /** When the first step was queued. */
  #began: number | undefined;
  #kept = 0;
  #lastStep = 0;

  /** `now` gives milliseconds of a clock that doesn't stop while the computer sleeps. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** To be called once for each step, as it is queued. */
  isDue(): boolean {
    const now = this.#now();
    if (this.#began === undefined) this.#began = this.#kept = this.#lastStep = now;
    // The computer's clock may be set back.
    this.#kept = Math.min(this.#kept, now);
    const pace = now - this.#lastStep;
    this.#lastStep = now;
    const patience = Math.min(MOST, Math.max(FIRST, this.#kept - this.#began));
    return now - this.#kept + LATENCY * pace >= patience;
  }

  /** To be called when a state is about to be saved. */
  restart(): void {
    this.#kept = this.#now();
  }
}
