import type { Adapter } from '../adapters/adapter';
import type { Overlay } from '../adapters/overlay';
import type { ModeChoice } from '../adapters/training_layers';
import type { RunEvent, Saved } from '../core/run';
import type { RunSnapshot } from '../core/snapshot';
import type { ResolvedTrainingArguments, TrainProgress } from '../core/training';
import type { Step } from '../graph/graph';
import type { Runner } from '../graph/runner';
import type { LoadedModel } from '../models/loaded_model';
import type { Batch, Task } from '../tasks/task';

/** All that one optimiser step learns from. */
export interface StepData {
  readonly microBatches: readonly Batch[];
  /** Predictions over all micro-batches, by which the loss is divided. */
  readonly labelled: number;
  /** Real tokens, for the rate. */
  readonly tokens: number;
  /** Epochs done once this step is. */
  readonly epoch: number;
  readonly startsEpoch: boolean;
  readonly endsEpoch: boolean;
}

export interface TrainingData {
  readonly maxSteps: number;
  /** The steps after the first `done`. */
  steps(done: number): AsyncIterable<StepData> | Iterable<StepData>;
  readonly checkpoints: Checkpoints;
  /** Where the run goes on from. */
  readonly restored?: Restored | undefined;
}

/** Where a run's states are kept. */
export interface Checkpoints {
  save(snapshot: RunSnapshot): Promise<Saved>;
  /** The run is over. */
  close(): void;
}

export interface Restored extends RunSnapshot {
  /** Its name. */
  readonly checkpoint: string;
  /** The state that was kept before it. */
  readonly before: RunSnapshot | undefined;
}

/** Chooses kernels for these steps, before programs with them are loaded. Rejects with the signal's reason. */
export type Tune = (steps: readonly Step[], signal: AbortSignal) => Promise<void>;

export interface TrainingInit {
  readonly runner: Runner;
  readonly loaded: LoadedModel;
  readonly task: Task;
  /** What lies over the model, those that train among it. */
  readonly overlay: Overlay;
  readonly adapters: readonly Adapter[];
  readonly args: ResolvedTrainingArguments;
  /** How adapted layers are computed: `cheapest` unless given. */
  readonly modes?: ModeChoice;
  readonly signal: AbortSignal;
  /** What is done once, before the first step, if anything. Asked for once the run is restored. */
  tuning?(): Tune | undefined;
  /** Whether the run may go on from a checkpoint, which then comes before any kernel. */
  readonly resumes: boolean;
  /** Gets the data ready. Rejects with the signal's reason when the run is aborted or stopped meanwhile. */
  prepare(signal: AbortSignal): Promise<TrainingData>;
  emit(event: RunEvent, progress: TrainProgress): void;
}
