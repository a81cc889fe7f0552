/**
 * The duration of one submit in milliseconds: long enough that its overhead doesn't matter, short enough that the page stays responsive.
 */
const SUBMIT = 60;
/** The duration of one submit on a software GPU. Long submits need less overhead, and delay no frame: this GPU doesn't draw the page. */
export const SOFTWARE_SUBMIT = 240;
/**
 * The duration of one dispatch that can be split, in milliseconds: an eighth of the 2 s after which Windows resets a GPU. Some dispatches
 * take longer, because the duration is converted to FLOPs by the average rate of all kernels: some kernels are slower, and the first pieces
 * of causal attention have twice the average work.
 */
const DISPATCH = 250;
/** The FLOPs of the first submit. They take 2 ms on a slow integrated GPU and 60 ms on a few CPU cores. */
const FIRST_FLOPS = 0.2e9;
/** A submit of at most this size is mostly overhead. */
const LEAST_FLOPS = FIRST_FLOPS / 8;
const MOST_FLOPS = 1e12;
/** If measured work takes at least this many milliseconds, the time until its result arrives hardly changes the estimate. */
const LONG = 20;

/** The amount of work in one submit and in one dispatch, estimated from the time that earlier work took on this device. */
export class SubmitBudget {
  readonly #most: number;
  readonly #submit: number;
  #flops: number;
  #isRough: boolean;
  #queued = 0;
  #done = 0;
  #since = 0;

  /**
   * @param submit The milliseconds that a submit should take, at most 250.
   * @param most The largest number of FLOPs of a submit or dispatch, regardless of measurements.
   */
  constructor({ submit = SUBMIT, most = MOST_FLOPS }: { readonly submit?: number; readonly most?: number } = {}) {
    this.#submit = submit;
    this.#most = most;
    this.#flops = Math.min(FIRST_FLOPS, most);
    this.#isRough = this.#flops < most;
  }

  /** The largest number of FLOPs in a submit. */
  get flops(): number {
    return this.#flops;
  }

  /** The largest number of FLOPs in a dispatch that can be split. */
  get dispatchFlops(): number {
    return this.#isRough ? this.#flops : Math.min(this.#flops * (DISPATCH / this.#submit), this.#most);
  }

  /** Whether only short work has been measured so far. The device may then be much faster than the estimate. */
  get isRough(): boolean {
    return this.#isRough;
  }

  /** FLOPs submitted so far. */
  get queued(): number {
    return this.#queued;
  }

  /** Records work that was submitted at the time `now`, in milliseconds. */
  submitted(flops: number, now: number): void {
    if (this.#queued === this.#done) this.#since = now;
    this.#queued += flops;
  }

  /** Records that the device has finished all work up to `queued` FLOPs. */
  finished(queued: number, now: number): void {
    const flops = queued - this.#done;
    if (flops <= 0) return;
    // Some browsers round their clocks to whole milliseconds.
    const elapsed = Math.max(now - this.#since, 1);
    this.#done = queued;
    this.#since = now;
    if (flops <= FIRST_FLOPS / 4) return;
    const affordable = (flops / elapsed) * this.#submit;
    // Averaged with the last estimate, so that an outlier has less effect.
    this.#flops = Math.min(Math.max((this.#flops + affordable) / 2, LEAST_FLOPS), this.#most);
    this.#isRough &&= elapsed < LONG && this.#flops < this.#most;
  }
}
