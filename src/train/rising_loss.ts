import type { Warn } from '../core/errors/warning';
import { median } from '../core/numbers/median';
import type { StepLogs } from '../core/types/training';

/** Losses whose median counts, because a single batch may be hard. */
const WINDOW = 3;
/**
 * The factor above the beginning's loss from which the learning rate is at fault: an untrained adapter changes nothing, and batches
 * differ by less.
 */
const RISE = 2;
/** A loss in nats. Below it at the beginning, the adapter has already learnt some of the examples, and others may be new to it. */
const LEARNT = 1;

/** The end of a step, as far as the loss depends on it. */
interface StepEnd {
  readonly learning_rate: number;
  readonly endsEpoch: boolean;
}

/**
 * Warns once if a run's loss rises far above that of its beginning, from which longer training seldom recovers. The beginning is the run's
 * first steps, or its first epoch if examples were learnt before: single batches then differ more than by a learning rate that is too high.
 */
export class RisingLoss {
  readonly #warn: Warn;
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  /** The losses of the epoch in progress; undefined if its beginning is unknown. */
  #epoch: number[] | undefined = [];
  /** The mean loss of the first whole epoch, and of the last. */
  #epochs: { readonly first: number; readonly last: number } | undefined;
  #isReported = false;

  constructor(warn: Warn) {
    this.#warn = warn;
  }

  /** Continues after these steps, without a warning about them. */
  restore(logs: readonly Pick<StepLogs, 'loss'>[]): void {
    this.#first.length = 0;
    this.#last.length = 0;
    this.#epoch = undefined;
    this.#epochs = undefined;
    for (const { loss } of logs) this.#push(loss);
  }

  add({ step, loss }: Pick<StepLogs, 'step' | 'loss'>, { learning_rate, endsEpoch }: StepEnd): void {
    this.#push(loss);
    this.#epoch?.push(loss);
    if (endsEpoch) this.#endEpoch();
    if (this.#isReported || this.#last.length < WINDOW) return;
    const begin = median(this.#first);
    const compared = begin < LEARNT ? this.#epochs : { first: begin, last: median(this.#last) };
    if (compared === undefined) return;
    const { first, last } = compared;
    if (!(first > 0 && last >= Math.max(RISE * first, LEARNT))) return;
    this.#isReported = true;
    const message =
      `The loss has risen from ${first.toPrecision(3)} to ${last.toPrecision(3)} by step ${step}: ` +
      `a learning_rate of ${learning_rate} is too high here. Stop the run and try ${Number((learning_rate / 10).toPrecision(2))}`;
    this.#warn({ code: 'loss_rises', message });
  }

  #endEpoch(): void {
    const losses = this.#epoch;
    this.#epoch = [];
    if (losses === undefined) return;
    const last = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    this.#epochs = { first: this.#epochs?.first ?? last, last };
  }

  /** Fills the first window, then moves the last one. */
  #push(loss: number): void {
    if (this.#first.length < WINDOW) this.#first.push(loss);
    else this.#last.push(loss);
    if (this.#last.length > WINDOW) this.#last.shift();
  }
}
