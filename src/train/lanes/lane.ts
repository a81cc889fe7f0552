import { WebVeraError } from '../../core/errors/error';
import type { RunEvent } from '../../core/types/run';
import type { PoolSnapshot } from '../../core/types/snapshot';
import type { TrainProgress } from '../../core/types/training';
import type { Runner } from '../../graph/runner';
import type { Metrics } from '../../tasks/task/task_metrics';
import type { MeasureOptions } from '../evaluate';
import { RunEvaluation } from '../evaluation';
import { RisingLoss } from '../rising_loss';
import { restorePools } from '../saving/pools';
import { RunRecord } from '../saving/run_record';
import { StepLog } from '../step_log';
import { isNumerical, StepRecovery } from '../step_recovery';
import type { OptimizerState } from '../steps/optimizer';
import { expectDone, unpackStats } from '../steps/step_block';
import type { StepRows } from '../steps/steps';
import type { Restored, TrainingData, TrainingInit } from '../training_init';
import type { LaneStep } from './lane_programs';

/** The training data of one adapter. */
export interface LaneData extends Pick<TrainingData, 'maxSteps' | 'isUneven'> {
  /** Yields the rows of each step after the first `done` steps. */
  steps(done: number): AsyncIterator<StepRows>;
  /** Evaluates the adapter in its current state, if there is evaluation data. */
  readonly evaluate?: ((options: MeasureOptions) => Promise<Metrics>) | undefined;
  /** The state from which the adapter continues, if any. */
  readonly restored: Restored | undefined;
}

interface LaneInit extends Pick<TrainingInit, 'args' | 'warn'> {
  readonly runner: Runner;
  readonly lowerIsBetter: readonly string[];
  readonly index: number;
  readonly name: string;
  emit(event: RunEvent): void;
}

/** A step that is queued. */
export interface QueuedStep {
  readonly lane: Lane;
  readonly data: StepRows;
  readonly step: number;
  readonly learningRate: number;
  readonly stats: Promise<ArrayBuffer>;
  /**
   * The number of calls of `goBack` before the step was queued. If `goBack` has been called since, the GPU has skipped the step's update.
   */
  readonly returns: number;
}

/** One adapter of a run in which several train at once: its steps, record, evaluations and recovery, as in a separate run. */
export class Lane {
  readonly record: RunRecord;
  readonly log: StepLog;
  readonly #init: LaneInit;
  readonly #rising: RisingLoss;
  #state: OptimizerState | undefined;
  #data: LaneData | undefined;
  #steps: AsyncIterator<StepRows> | undefined;
  #recovery: StepRecovery | undefined;
  #evaluation: RunEvaluation | undefined;
  #step = 0;
  #returns = 0;
  #hasEnded = false;
  #failure: WebVeraError | undefined;

  constructor(init: LaneInit) {
    this.#init = init;
    this.record = new RunRecord(init.runner, init.args.max_steps);
    this.log = new StepLog({ ...init, record: this.record });
    this.#rising = new RisingLoss(init.warn);
  }

  get name(): string {
    return this.#init.name;
  }

  /** The error that ended this adapter's training before its last step, if any. */
  get failure(): WebVeraError | undefined {
    return this.#failure;
  }

  /** Whether this step is the last one that was done, and the training hasn't failed. */
  isAt(step: number): boolean {
    return this.#failure === undefined && this.record.progress.global_step === step;
  }

  get evaluation(): RunEvaluation | undefined {
    return this.#evaluation;
  }

  /**
   * Restores the state from which the adapter continues, and holds it as a state to return to. `measure` evaluates the adapter. It is
   * undefined without evaluation data, and resolves with undefined if the run is stopped meanwhile.
   */
  async begin(
    state: OptimizerState,
    data: LaneData,
    measure: ((isLast: boolean) => Promise<Metrics | undefined>) | undefined,
  ): Promise<void> {
    const { runner, args, lowerIsBetter, emit } = this.#init;
    const { maxSteps, restored, isUneven } = data;
    const { record } = this;
    this.#state = state;
    this.#data = data;
    record.maxSteps = maxSteps;
    this.#rising.isUneven = isUneven;
    if (restored !== undefined) {
      record.restore(restored);
      this.#rising.restore(restored.logs);
      emit({ type: 'restored', checkpoint: restored.checkpoint, ...record.history });
      restorePools(runner, state, restored.pools);
    }
    const parts = { runner, state, args, record, emit };
    this.#recovery = new StepRecovery(parts);
    await this.#recovery.begin(restored);
    this.#evaluation = measure && new RunEvaluation({ ...parts, restored, lowerIsBetter, measure });
    this.#startAt(record.progress.global_step);
  }

  /** Returns the next step; undefined if there is none. */
  async next(): Promise<{ readonly data: StepRows; readonly part: LaneStep } | undefined> {
    if (this.#hasEnded || this.#evaluation?.hasStalled === true) return undefined;
    const { value: data, done } = (await this.#steps?.next()) ?? { value: undefined, done: true };
    if (done === true || data === undefined) {
      this.#hasEnded = true;
      return undefined;
    }
    const { index, args, emit } = this.#init;
    const isFirst = this.#step === (this.#data?.restored?.progress.global_step ?? 0);
    this.#step += 1;
    if (data.startsEpoch || isFirst) emit({ type: 'hook', hook: 'on_epoch_begin' });
    emit({ type: 'hook', hook: 'on_step_begin' });
    const learningRate = this.record.learningRate(args, this.#step);
    return { data, part: { index, rows: data.rows, step: this.#step, learningRate } };
  }

  /** Starts to read the results of the step that was queued last. */
  queued(data: StepRows, { step, learningRate }: LaneStep): QueuedStep {
    const { runner } = this.#init;
    const { stats: value } = this.#state ?? {};
    if (value === undefined) throw new WebVeraError('internal', 'A step was queued before its adapter had a state');
    const stats = runner.read(value);
    // If another adapter's step fails first, this promise is not awaited. The empty handler prevents an unhandled rejection.
    stats.catch(() => {});
    return { lane: this, data, step, learningRate, stats, returns: this.#returns };
  }

  /**
   * Records an acknowledged step. Throws `numerical_error` if the loss or gradient norm isn't finite, and `device_lost` if the step didn't
   * run.
   */
  finish({ data, step, learningRate, returns }: QueuedStep, bytes: ArrayBuffer): void {
    // The adapter has returned to an earlier state: the GPU skipped the update of this step.
    if (returns !== this.#returns || this.#failure !== undefined) return;
    const { args, emit } = this.#init;
    const stats = unpackStats(bytes);
    expectDone(stats, step);
    this.#recovery?.passed(step);
    const logs = this.record.finish(step, { data, stats, learningRate });
    this.#rising.add(logs, { learning_rate: args.learning_rate, endsEpoch: data.endsEpoch });
    this.log.add(logs);
    emit({ type: 'hook', hook: 'on_step_end' });
    if (data.endsEpoch) emit({ type: 'hook', hook: 'on_epoch_end' });
  }

  /**
   * Holds the state after the last acknowledged step, so that training can return to it. Throws `numerical_error` if an adapter with these
   * values could not be loaded.
   */
  hold(pool: PoolSnapshot): void {
    if (this.#failure === undefined) this.#recovery?.hold([pool]);
  }

  /** Checks the final state. Throws `numerical_error` if its values aren't finite or are too large. */
  async check(): Promise<void> {
    if (this.#failure === undefined) await this.#recovery?.check();
  }

  /**
   * Returns to the last good state and halves the learning rate. After too many halvings in a row, the adapter's training ends with that
   * state. No step may be queued.
   */
  async goBack(error: WebVeraError): Promise<void> {
    this.#returns += 1;
    try {
      await this.#recovery?.goBack(error);
    } catch (thrown) {
      if (!isNumerical(thrown)) throw thrown;
      this.#failure = thrown;
      this.#hasEnded = true;
      const message = `${thrown.message}. The training of ${this.name} has ended; the other adapters go on`;
      this.#init.emit({ type: 'warning', code: thrown.code, message });
      return;
    }
    this.#rising.restore(this.record.history.logs);
    this.#hasEnded = false;
    this.#startAt(this.record.progress.global_step);
  }

  #startAt(done: number): void {
    this.#step = done;
    this.#steps = this.#data?.steps(done);
  }
}

/** Returns the progress from which an adapter continues. */
export function restoredProgress({ maxSteps, restored }: LaneData): TrainProgress {
  const { global_step = 0, epoch = 0 } = restored?.progress ?? {};
  return { global_step, max_steps: maxSteps, epoch };
}
