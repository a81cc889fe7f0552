import type { HeadFit } from '../../core/types/prediction';
import type { DatasetName, RunControl, RunHook } from '../../core/types/run';
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
   * Starts a run. Emits `chosen` after the model's pending changes are made, and `train` events under its call id, and
   * resolves at the end. Data of `{ kind: 'feed' }` is requested by `need_data` events and arrives by `pushExamples`.
   * The page reads its data set once; for later epochs the worker holds what it needs.
   */
  train(call: CallId, request: TrainRequest): Promise<TrainOutput>;
  /** Answers `chosen`: the page holds copies of the run's adapters for recovery, or couldn't make them. */
  startTraining(run: CallId): Promise<void>;
  /** Measures the model on data by the metrics of its task. A language model reads long texts in pieces that don't overlap. */
  evaluate(call: CallId, request: EvaluateRequest): Promise<Evaluation>;
  /**
   * Solves for the last layer of an adapter's head, over the features that the model has for the data, and writes it to the adapter.
   * Runs must not train the adapter meanwhile. Emits `prepared` before it writes the layer. A call that rejects has changed nothing.
   */
  fitHead(call: CallId, request: FitRequest): Promise<FittedHead>;
  /** The files with which a run continues in Python from its current step, by path. Undefined once the run is over. */
  exportRunning(call: CallId, run: CallId): Promise<ReadonlyMap<string, Blob> | undefined>;
  /** As `exportRunning`, for a run that isn't in progress: from its last checkpoint, or else its first step. */
  exportStored(call: CallId, request: ExportRequest): Promise<ReadonlyMap<string, Blob>>;
  /**
   * Answers one `need_data` event with at most `count` examples. `done`: these are the last examples. The last answer
   * may be empty. The page has checked the form of the examples, but neither the range of ids nor the lengths of labels
   * and masks.
   */
  pushExamples(call: CallId, dataset: DatasetName, examples: readonly SentExample[], done: boolean): Promise<void>;
  /**
   * Adds a reason to pause the run. `resumeTraining` removes it; without reasons the run continues. Resolves when the
   * last submitted step is acknowledged, or no reason is left. The `paused` event has the reason. A run that has ended
   * ignores this and the next two calls.
   */
  pauseTraining(run: CallId, reason: PauseReason): Promise<void>;
  resumeTraining(run: CallId, reason: PauseReason): Promise<void>;
  /**
   * `should_training_stop` makes `train` resolve after the last submitted step, even while it is paused. `should_log` and
   * `should_save` request one log event and one checkpoint.
   */
  controlTraining(run: CallId, control: RunControl): Promise<void>;
}

/** A Blob is read in the worker. `length`: the number of examples in the feed, if known. */
export type DataSource =
  | { readonly kind: 'blob'; readonly blob: Blob; readonly format: FileFormat }
  | { readonly kind: 'feed'; readonly name: DatasetName; readonly length?: number };

export type { DatasetName };

export interface TrainRequest extends EvaluateRequest {
  /** The data set that the run is measured on between its steps, if any. */
  readonly eval_data?: DataSource | undefined;
  /** The adapters that a recovered run trained, in place of the active ones, even while adapters are disabled. */
  readonly trained?: readonly string[] | undefined;
  /** Set if several adapters train at once, each on data of its own, in place of `data` and `eval_data`. */
  readonly together?: readonly LaneSource[] | undefined;
  /** The hooks that have listeners; only these are emitted. */
  readonly hooks: readonly RunHook[];
  /** true: resumes from the last checkpoint, if any. A name: from that checkpoint, else rejects with `not_found`. */
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

export interface FitRequest extends EvaluateRequest {
  /** The strength C, the inverse weight of the penalty; 'auto' chooses it by cross-validation. */
  readonly C: number | 'auto';
  /** The factor of the scores. Default: 1, or with 'auto' as cross-validation chooses it. */
  readonly scale?: number | undefined;
  /** Whether the head learns views of the examples, too. 'auto': if there are few examples. */
  readonly augment: boolean | 'auto';
  /** A data set over which the heads before and after are compared, if any. */
  readonly eval_data?: DataSource | undefined;
  /** The profile to which the examples belong, if their features are stored with it. */
  readonly profile?: ProfileName | undefined;
}

/** `adapter`: the name of the adapter whose head was solved for. */
export interface FittedHead {
  readonly adapter: string;
  readonly fit: HeadFit;
}

export interface ExportRequest extends EvaluateRequest {
  /** Whether the run has done steps. If so, it can only be exported from a checkpoint. */
  readonly begun: boolean;
}

/** The metrics of the model's task, by name. */
export type Evaluation = Readonly<Record<string, number>>;
