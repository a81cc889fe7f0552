/** Milliseconds of training that may be lost at first, and later on. */
const FIRST = 2_000;
const MOST = 30_000;
/** Steps that go by until what is asked for now is kept, as outcomes come two steps late. */
const LATENCY = 3;

/**
 * Says when a run is to be kept because of the time: so that a visit that ends without a word loses no more than two
 * seconds or half of its training, whichever is more, and never more than thirty seconds.
 */
export class SaveClock {
  readonly #now: () => number;
  /** When the first step was queued. */
  #began: number | undefined;
  #kept = 0;
  #lastStep = 0;

  /** `now` gives milliseconds, those of a computer's sleep among them. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Asked once for each step, as it is queued. */
  isDue(): boolean {
    const now = this.#now();
    if (this.#began === undefined) this.#began = this.#kept = this.#lastStep = now;
    // Somebody may set the computer's clock back.
    this.#kept = Math.min(this.#kept, now);
    const pace = now - this.#lastStep;
    this.#lastStep = now;
    const patience = Math.min(MOST, Math.max(FIRST, this.#kept - this.#began));
    return now - this.#kept + LATENCY * pace >= patience;
  }

  /** A state is on its way to be kept. */
  restart(): void {
    this.#kept = this.#now();
  }
}
