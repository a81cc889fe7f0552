import type { Warn } from '../core/errors/warning';
import { median } from '../core/numbers/median';
import type { StepLogs } from '../core/types/training';
import type { TaskBatches } from '../tasks/task/task_batches';

/** The number of losses whose median is compared, because a single batch may be hard. */
const WINDOW = 3;
/**
 * If the loss rises to this multiple of the loss at the beginning, the learning rate is too high. At the beginning, an untrained adapter
 * changes nothing in the model, and the cross-entropies of batches differ by a smaller factor.
 */
const RISE = 2;
/**
 * A loss in nats. If the loss at the beginning is below it, the adapter has already learnt some of the examples, and others may be new to
 * it.
 */
const LEARNT = 1;

/** The values of a step that `RisingLoss` needs besides the loss. */
interface StepEnd {
  readonly learning_rate: number;
  readonly endsEpoch: boolean;
}

/** Whether the losses of a run's batches may differ by a large factor although the run is healthy. */
export function isUneven<Row>(task: Pick<TaskBatches<Row>, 'isUneven'>, rows: readonly Row[]): boolean {
  return rows.some((row) => task.isUneven?.(row));
}

/**
 * Warns once if a run's loss rises far above its loss at the beginning, because longer training seldom lowers it again. Usually compares
 * the last few steps with the first few. But if losses are uneven, or if the adapter has already learnt some examples, losses vary much
 * between batches. The last epoch is then compared with the first one.
 */
export class RisingLoss {
  /** The result of the function `isUneven` for the run's rows. Set it before the first step. */
  isUneven = false;
  readonly #warn: Warn;
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  /** The losses of the epoch in progress; undefined if its first losses are unknown. */
  #epoch: number[] | undefined = [];
  /** The mean losses of the first and the last complete epoch, and the number of steps per epoch. */
  #epochs: { readonly first: number; readonly last: number; readonly steps: number } | undefined;
  #isReported = false;

  constructor(warn: Warn) {
    this.#warn = warn;
  }

  /** Continues after the steps in `logs`, without a warning about them. */
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
    const compared = this.isUneven || begin < LEARNT ? this.#epochs : { first: begin, last: median(this.#last) };
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
    const { first, steps } = this.#epochs ?? {};
    // A run's last epoch may end early, and its batches may then be the hardest ones.
    if (losses === undefined || losses.length < (steps ?? 0)) return;
    const last = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    this.#epochs = { first: first ?? last, last, steps: losses.length };
  }

  /** Adds a loss: to the first window until it is full, then to the last window, which moves. */
  #push(loss: number): void {
    if (this.#first.length < WINDOW) this.#first.push(loss);
    else this.#last.push(loss);
    if (this.#last.length > WINDOW) this.#last.shift();
  }
}
