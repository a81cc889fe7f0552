import type { HeadFit } from '../../core/types/prediction';
import type { DatasetName, RunControl, TrainerCallback } from '../../core/types/run';
import type {
  FileFormat,
  PauseReason,
  ResolvedTrainingArguments,
  SentExample,
  TrainOutput,
} from '../../core/types/training';
import type { ProfileName } from '../../store/profile_store';
import type { CallId, Handle } from '../rpc/call_protocol';

export type { ProfileName } from '../../store/profile_store';

/** The calls about runs. */
export interface RunCalls {
  /**
   * Starts a run, and resolves at its end. Emits `chosen` once the model's pending changes are made, and `train` events under its call id.
   * Data of `{ kind: 'feed' }` is requested by `need_data` events and sent by `pushExamples`. The page reads its data set once: the worker
   * holds what later epochs need.
   */
  train(call: CallId, request: TrainRequest): Promise<TrainOutput>;
  /** Answers `chosen`, once the page holds copies of the run's adapters for recovery, or has failed to make them. */
  startTraining(run: CallId): Promise<void>;
  /** Measures the model on data by the metrics of its task. A language model reads long texts in pieces that don't overlap. */
  evaluate(call: CallId, request: MeasureRequest): Promise<Evaluation>;
  /**
   * Solves for the last layer of an adapter's head, over the features that the model computes from the data, and writes it to the adapter.
   * No run may train the adapter meanwhile. Emits `prepared` before it writes the layer. A call that rejects has changed nothing.
   */
  fitHead(call: CallId, request: FitRequest): Promise<FittedHead>;
  /** Resolves with the files with which Python continues a run from its current step, by path; undefined once the run has ended. */
  exportRunning(call: CallId, run: CallId): Promise<ReadonlyMap<string, Blob> | undefined>;
  /** Like `exportRunning`, but for a run that isn't in progress: from its last checkpoint, or else from its first step. */
  exportStored(call: CallId, request: ExportRequest): Promise<ReadonlyMap<string, Blob>>;
  /**
   * Answers one `need_data` event with at most `count` examples. `done`: these are the last examples. The last answer
   * may be empty. The page has checked the form of the examples, but neither the range of ids nor the lengths of labels
   * and masks.
   */
  pushExamples(call: CallId, dataset: DatasetName, examples: readonly SentExample[], done: boolean): Promise<void>;
  /**
   * Adds a reason to pause the run. `resumeTraining` removes it; without reasons the run continues. Resolves when the results of the last
   * submitted step have arrived, or when no reason is left. The `paused` event has the reason. A run that has ended ignores this call,
   * `resumeTraining` and `controlTraining`.
   */
  pauseTraining(run: CallId, reason: PauseReason): Promise<void>;
  resumeTraining(run: CallId, reason: PauseReason): Promise<void>;
  /**
   * `should_training_stop` makes `train` resolve after the last submitted step, even while the run is paused. `should_log` and
   * `should_save` request one log event and one checkpoint.
   */
  controlTraining(run: CallId, control: RunControl): Promise<void>;
}

/** A data set: a Blob that the worker reads, or a feed from the page. `length`: the number of examples in the feed, if known. */
export type DataSource =
  | { readonly kind: 'blob'; readonly blob: Blob; readonly format: FileFormat }
  | { readonly kind: 'feed'; readonly name: DatasetName; readonly length?: number };

export type { DatasetName };

export interface TrainRequest extends EvaluateRequest {
  /** The data set for evaluations during the run, if any. */
  readonly eval_data?: DataSource | undefined;
  /** For a recovered run: the adapters that it trained. They replace the active ones, even while adapters are disabled. */
  readonly trained?: readonly string[] | undefined;
  /** Replaces `data` and `eval_data` if several adapters train at once, each on its own data. */
  readonly together?: readonly LaneSource[] | undefined;
  /** The hooks that have listeners. Other hooks aren't emitted. */
  readonly hooks: readonly (keyof TrainerCallback)[];
  /** true: resumes from the last checkpoint, if any. A name: resumes from that checkpoint, or rejects with `not_found`. */
  readonly resume_from_checkpoint: boolean | string;
  /** Whether to take the run over from another tab or session. */
  readonly take_over: boolean;
}

/** The data of one of several adapters that train at once. */
export interface LaneSource {
  readonly adapter: string;
  readonly data: DataSource;
  readonly eval_data?: DataSource | undefined;
}

export interface EvaluateRequest {
  readonly model: Handle;
  /** The adapter to use in place of the active ones. */
  readonly adapter_name: string | undefined;
  readonly args: ResolvedTrainingArguments;
  readonly data: DataSource;
}

export interface MeasureRequest extends EvaluateRequest {
  /** Whether losses are weighted as in training, by the weights of examples and of classes. Default: false. */
  readonly isWeighted?: boolean;
}

export interface FitRequest extends EvaluateRequest {
  /** The strength C, the inverse weight of the penalty; 'auto' chooses it by cross-validation. */
  readonly C: number | 'auto';
  /** The factor that scales the scores. Default: 1, or the factor that cross-validation chooses if C is 'auto'. */
  readonly scale?: number | undefined;
  /** Whether the head also learns views (slightly changed copies) of the examples. 'auto': only if there are few examples. */
  readonly augment: boolean | 'auto';
  /** The data set on which the old and the new head are compared, if any. */
  readonly eval_data?: DataSource | undefined;
  /** Weights of the classes in `eval_data`. Default: all 1. */
  readonly eval_weights?: ResolvedTrainingArguments['classWeights'] | undefined;
  /** The profile to which the examples belong, if their features are stored with it. */
  readonly profile?: ProfileName | undefined;
}

/** `adapter`: the name of the adapter whose head was solved for. */
export interface FittedHead {
  readonly adapter: string;
  readonly fit: HeadFit;
}

export interface ExportRequest extends EvaluateRequest {
  /** Whether the run has completed a step. If so, it can only be exported from a checkpoint. */
  readonly begun: boolean;
}

/** The metrics of the model's task, by name. */
export type Evaluation = Readonly<Record<string, number>>;
