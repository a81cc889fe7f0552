/** Limits on the training time that a closed page may lose, in milliseconds: at the start of a run (`FIRST`), and later at most `MOST`. */
const FIRST = 2_000;
const MOST = 30_000;
/** The number of steps from the request of a save to the save, because results arrive two steps late. */
const LATENCY = 3;

/**
 * Decides when to save a run, so that a page that is closed without notice loses at most two seconds or half of its training, whichever is
 * more, and never more than thirty seconds.
 */
export class SaveClock {
  readonly #now: () => number;
  /** The time when the first step was queued. */
  #began: number | undefined;
  #savedAt = 0;
  #lastStep = 0;

  /** `now` returns the milliseconds of a clock that doesn't stop while the computer sleeps. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Call it once for each step, when the step is queued. */
  isDue(): boolean {
    const now = this.#now();
    if (this.#began === undefined) this.#began = this.#savedAt = this.#lastStep = now;
    // The system clock may be set back.
    this.#savedAt = Math.min(this.#savedAt, now);
    const pace = now - this.#lastStep;
    this.#lastStep = now;
    const patience = Math.min(MOST, Math.max(FIRST, this.#savedAt - this.#began));
    return now - this.#savedAt + LATENCY * pace >= patience;
  }

  /** Call it when a state is about to be saved. */
  restart(): void {
    this.#savedAt = this.#now();
  }
}
