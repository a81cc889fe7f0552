import type { DatasetName, RunControl, RunHook } from '../../core/types/run';
import type {
  FileFormat,
  PauseReason,
  ResolvedTrainingArguments,
  SentExample,
  TrainOutput,
} from '../../core/types/training';
import type { CallId, Handle } from '../rpc/protocol';

/** The calls about runs. */
export interface RunCalls {
  /**
   * One run: emits `chosen`, once the changes of the model are made that were asked for before it, and `train` events under its call
   * id, and resolves at the end. Data of `{ kind: 'feed' }` is requested by `need_data` events and comes through `pushExamples`. The
   * page reads its data set once: for later epochs the worker keeps what it needs.
   */
  train(call: CallId, request: TrainRequest): Promise<TrainOutput>;
  /** Answers `chosen`: what the run may change was kept. */
  startTraining(run: CallId): Promise<void>;
  /** The mean loss over all tokens with a label, and its exponential. Long texts are cut into pieces that don't overlap. */
  evaluate(call: CallId, request: EvaluateRequest): Promise<Evaluation>;
  /** The files with which a run continues in Python from its current step, by path. Undefined once the run is over. */
  exportRunning(call: CallId, run: CallId): Promise<ReadonlyMap<string, Blob> | undefined>;
  /** The same for a run that isn't running: from its last checkpoint, or from its beginning if there is none. */
  exportStored(call: CallId, request: ExportRequest): Promise<ReadonlyMap<string, Blob>>;
  /**
   * Answers one `need_data` event with at most `count` examples. `done`: there are no more. The last answer may be empty.
   * The page has checked their form, but neither the range of ids nor the lengths of labels and masks.
   */
  pushExamples(call: CallId, dataset: DatasetName, examples: readonly SentExample[], done: boolean): Promise<void>;
  /**
   * Adds a reason for the run to be paused. `resumeTraining` removes it; without reasons the run goes on. Resolves once the
   * last submitted step is acknowledged, or no reason is left. The `paused` event gives the reason. A run that has ended
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
  /** What the run is measured on as it goes on, if anything. */
  readonly eval_data?: DataSource | undefined;
  /** For a run that goes on: the adapters that it trained, in place of the active ones, even while adapters are disabled. */
  readonly trained?: readonly string[] | undefined;
  /** The hooks that have listeners: only these are emitted. */
  readonly hooks: readonly RunHook[];
  /** true: from the last checkpoint, if there is one. A name: from that one, else `not_found`. */
  readonly resume_from_checkpoint: boolean | string;
  /** Whether to end the run in another tab or session that has it. */
  readonly take_over: boolean;
}

export interface EvaluateRequest {
  readonly model: Handle;
  /** In place of the active adapters. */
  readonly adapter_name: string | undefined;
  readonly args: ResolvedTrainingArguments;
  readonly data: DataSource;
}

export interface ExportRequest extends EvaluateRequest {
  /** Whether the run has done steps: without a checkpoint it can't be exported then. */
  readonly begun: boolean;
}

/** What the model's task measures, by name. */
export type Evaluation = Readonly<Record<string, number>>;
