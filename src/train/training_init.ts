import type { Adapter } from '../adapters/adapter';
import type { Overlay } from '../adapters/layers/overlay';
import type { Warn } from '../core/errors/warning';
import type { ReadProgress, RunEvent, Saved } from '../core/types/run';
import type { RunSnapshot } from '../core/types/snapshot';
import type { ResolvedTrainingArguments, TrainProgress } from '../core/types/training';
import type { Runner } from '../graph/runner';
import type { Step } from '../graph/step';
import type { LoadedModel } from '../models/loaded_model';
import type { Batch, BatchShape, TaskBatches } from '../tasks/task/task_batches';
import type { TaskLoss } from '../tasks/task/task_loss';
import type { Metrics, TaskMetrics } from '../tasks/task/task_metrics';
import type { MeasureOptions } from './evaluate';

/** The data of one optimiser step. */
export interface StepData {
  readonly microBatches: readonly Batch[];
  /** The number of losses in all micro-batches, by which their sum is divided. */
  readonly labelled: number;
  /** The number of tokens without padding, for the tokens per second. */
  readonly tokens: number;
  /** Epochs done after this step, as a fraction. */
  readonly epoch: number;
  readonly startsEpoch: boolean;
  readonly endsEpoch: boolean;
}

export interface TrainingData {
  readonly maxSteps: number;
  /** Whether the losses of batches may differ by a large factor although the run is healthy (see `RisingLoss`). */
  readonly isUneven: boolean;
  /** The shape of the largest batches. */
  readonly largest: BatchShape;
  /** Yields the steps after the first `done` steps. */
  steps(done: number): AsyncIterable<StepData> | Iterable<StepData>;
  readonly checkpoints: Checkpoints;
  /**
   * Computes the base model's log probabilities before the first step, and returns them for the snapshots. Set if the loss compares the
   * model with its base.
   */
  readonly compare?: ((options: MeasureOptions) => Promise<Float32Array<ArrayBuffer>>) | undefined;
  /** Evaluates the adapters in their current state, if there is evaluation data. */
  readonly evaluate?: ((options: MeasureOptions) => Promise<Metrics>) | undefined;
  /** The state from which the run continues. */
  readonly restored?: Restored | undefined;
}

/** The storage for a run's states. */
export interface Checkpoints {
  save(snapshot: RunSnapshot): Promise<Saved>;
  /** Call it when the run has ended. */
  close(): void;
}

export interface Restored extends RunSnapshot {
  /** The name of the checkpoint that holds this state. */
  readonly checkpoint: string;
  /** The state that was saved before this one, if any. */
  readonly before: RunSnapshot | undefined;
  /** Whether this state was saved by a run with other arguments. */
  readonly hadOtherArguments?: boolean;
}

/** Chooses kernels for these steps before programs are loaded. Rejects with the signal's reason. */
export type Tune = (steps: readonly Step[], signal: AbortSignal) => Promise<void>;

export interface TrainingInit {
  readonly runner: Runner;
  readonly loaded: LoadedModel;
  readonly task: TaskBatches & TaskLoss & Pick<TaskMetrics, 'lowerIsBetter'>;
  /** The adapters and tensors that passes use on top of the base model, including the adapters that train. */
  readonly overlay: Overlay;
  readonly adapters: readonly Adapter[];
  readonly args: ResolvedTrainingArguments;
  readonly signal: AbortSignal;
  /**
   * Returns the function that chooses kernels before the first step, if any. A run that may resume calls `tuning` only after the checkpoint
   * is read.
   */
  tuning?(): Tune | undefined;
  /** Whether the run may continue from a checkpoint, which is then read before any kernel is loaded. */
  readonly resumes: boolean;
  /** Reads the data and reports progress. Rejects with the signal's reason when the run is aborted or stopped meanwhile. */
  prepare(signal: AbortSignal, onRead: (read: ReadProgress) => void): Promise<TrainingData>;
  emit(event: RunEvent, progress: TrainProgress): void;
  /** Resolves once the callbacks have been called for all events so far. Left out if there are no callbacks. */
  readonly heard?: (() => Promise<void>) | undefined;
  /** Reports a problem to the session's listeners. */
  readonly warn: Warn;
}
