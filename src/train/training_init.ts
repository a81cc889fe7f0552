import type { Overlay } from '../adapters/overlay';
import type { VeraAdapter } from '../adapters/vera_adapter';
import type { PauseReason, ResolvedTrainingArguments, StepLogs, TrainProgress } from '../core/training';
import type { Step } from '../graph/graph';
import type { Runner } from '../graph/runner';
import type { LoadedModel } from '../models/loaded_model';
import type { ModeChoice } from './layer_modes';
import type { MicroBatch } from './micro_batch';

/** All that one optimiser step learns from. */
export interface StepData {
  readonly microBatches: readonly MicroBatch[];
  /** Labelled tokens over all micro-batches, by which the loss is divided. */
  readonly labelledTokens: number;
  /** Real tokens, for the rate. */
  readonly tokens: number;
  /** Epochs done once this step is. */
  readonly epoch: number;
  readonly startsEpoch: boolean;
  readonly endsEpoch: boolean;
}

export type TrainingHook =
  | 'on_train_begin'
  | 'on_epoch_begin'
  | 'on_step_begin'
  | 'on_step_end'
  | 'on_epoch_end'
  | 'on_train_end';

export type TrainingEvent =
  | { readonly type: 'log'; readonly logs: StepLogs }
  | { readonly type: 'hook'; readonly hook: TrainingHook }
  | { readonly type: 'paused' | 'resumed'; readonly reason: PauseReason }
  | { readonly type: 'warning'; readonly code: 'out_of_memory'; readonly message: string };

export interface TrainingData {
  readonly maxSteps: number;
  readonly steps: AsyncIterable<StepData> | Iterable<StepData>;
}

/** Chooses kernels for these steps, before programs with them are loaded. Rejects with the signal's reason. */
export type Tune = (steps: readonly Step[], signal: AbortSignal) => Promise<void>;

export interface TrainingInit {
  readonly runner: Runner;
  readonly loaded: LoadedModel;
  /** What lies over the model, those that train among it. */
  readonly overlay: Overlay;
  readonly adapters: readonly VeraAdapter[];
  readonly args: ResolvedTrainingArguments;
  /** How adapted layers are computed: `cheapest` unless given. */
  readonly modes?: ModeChoice;
  readonly signal: AbortSignal;
  /** Done once, before the first step. */
  readonly tune?: Tune;
  /** Gets the data ready. Rejects with the signal's reason when the run is aborted or stopped meanwhile. */
  prepare(signal: AbortSignal): Promise<TrainingData>;
  emit(event: TrainingEvent, progress: TrainProgress): void;
}
