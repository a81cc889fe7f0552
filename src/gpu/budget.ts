/** Milliseconds of one submit: long enough that its overhead doesn't matter, short enough that the page stays responsive. */
const SUBMIT = 60;
/**
 * Milliseconds of one dispatch, if it can be split. Windows resets a GPU after 2 s. This is an eighth of that, as it goes by the
 * rate of all kernels together: one may be slower, and the first pieces of causal attention have twice the average work.
 */
const DISPATCH = 250;
/** Before anything is known: 2 ms on a slow integrated GPU, 60 ms on a few cores. */
const FIRST_FLOPS = 0.2e9;
/** A submit that isn't larger than this is mostly overhead. */
const LEAST_FLOPS = FIRST_FLOPS / 8;
const MOST_FLOPS = 1e12;
/** Milliseconds after which the few that a result takes to arrive matter no more. */
const LONG = 20;

/** How much work goes into one submit and into one dispatch, estimated from how long earlier work took on this device. */
export class SubmitBudget {
  readonly #most: number;
  #flops: number;
  #isRough: boolean;
  #queued = 0;
  #done = 0;
  #since = 0;

  /** @param most FLOPs of a submit or dispatch, whatever is measured. */
  constructor(most = MOST_FLOPS) {
    this.#most = most;
    this.#flops = Math.min(FIRST_FLOPS, most);
    this.#isRough = this.#flops < most;
  }

  /** FLOPs of a submit. */
  get flops(): number {
    return this.#flops;
  }

  /** FLOPs of a dispatch. */
  get dispatchFlops(): number {
    return this.#isRough ? this.#flops : Math.min(this.#flops * (DISPATCH / SUBMIT), this.#most);
  }

  /** Whether nothing was measured yet that took long: the device may be much faster than is known. */
  get isRough(): boolean {
    return this.#isRough;
  }

  /** FLOPs submitted so far. */
  get queued(): number {
    return this.#queued;
  }

  /** Tells of work submitted at `now`, in milliseconds. */
  submitted(flops: number, now: number): void {
    if (this.#queued === this.#done) this.#since = now;
    this.#queued += flops;
  }

  /** Tells that the device has done what was submitted while `queued` wasn't above this. */
  finished(queued: number, now: number): void {
    const flops = queued - this.#done;
    if (flops <= 0) return;
    // Some browsers' clocks tell whole milliseconds.
    const elapsed = Math.max(now - this.#since, 1);
    this.#done = queued;
    this.#since = now;
    if (flops <= FIRST_FLOPS / 4) return;
    const affordable = (flops / elapsed) * SUBMIT;
    // Averaged with the last estimate, so that an outlier has less effect.
    this.#flops = Math.min(Math.max((this.#flops + affordable) / 2, LEAST_FLOPS), this.#most);
    this.#isRough &&= elapsed < LONG && this.#flops < this.#most;
  }
}
