/** Of one submit: long enough that its overhead doesn't matter, short enough that the page stays responsive. */
const TARGET_MILLISECONDS = 60;
const FIRST_FLOPS = 0.2e9;

/** How much work goes into one submit, estimated from how long earlier work took on this device. */
export class SubmitBudget {
  #flops = FIRST_FLOPS;
  #pending = 0;
  #since = 0;

  get flops(): number {
    return this.#flops;
  }

  /** Tells of work submitted at `now`, in milliseconds. */
  submitted(flops: number, now: number): void {
    if (this.#pending === 0) this.#since = now;
    this.#pending += flops;
  }

  /** Tells that a read has arrived: all work submitted before it is done. */
  finished(now: number): void {
    const elapsed = now - this.#since;
    if (this.#pending > FIRST_FLOPS / 4 && elapsed > 1) {
      const affordable = (this.#pending / elapsed) * TARGET_MILLISECONDS;
      // Averaged with the last estimate, so that an outlier has less effect.
      this.#flops = Math.min(Math.max((this.#flops + affordable) / 2, FIRST_FLOPS / 8), 1e12);
    }
    this.#pending = 0;
    this.#since = now;
  }
}
