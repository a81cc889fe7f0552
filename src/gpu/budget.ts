/** Long enough that submits cost nothing, short enough that the page stays alive and cancelling is quick. */
const TARGET_MILLISECONDS = 60;
const FIRST_FLOPS = 0.2e9;

/** How much work goes into one submit, learnt from how long work took on this device. */
export class SubmitBudget {
  #flops = FIRST_FLOPS;
  #pending = 0;
  #since = 0;

  get flops(): number {
    return this.#flops;
  }

  /** Work that was just submitted, at `now` in milliseconds. */
  submitted(flops: number, now: number): void {
    if (this.#pending === 0) this.#since = now;
    this.#pending += flops;
  }

  /** All that was submitted before the read that just arrived is done. */
  finished(now: number): void {
    const elapsed = now - this.#since;
    if (this.#pending > FIRST_FLOPS / 4 && elapsed > 1) {
      const affordable = (this.#pending / elapsed) * TARGET_MILLISECONDS;
      // Halfway, so that one odd measurement doesn't swing it.
      this.#flops = Math.min(Math.max((this.#flops + affordable) / 2, FIRST_FLOPS / 8), 1e12);
    }
    this.#pending = 0;
    this.#since = now;
  }
}
