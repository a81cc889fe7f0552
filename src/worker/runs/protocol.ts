import type { RunControl, RunHook } from '../../core/run';
import type { Example, PauseReason, ResolvedTrainingArguments, TrainOutput } from '../../core/training';
import type { CallId, Handle } from '../rpc/protocol';

/** The calls about runs. */
export interface RunCalls {
  /**
   * One run: emits `train` events under its call id and resolves at the end. Data given as `{ kind: 'feed' }` are asked
   * for by `need_data` events and come through `pushExamples`; the page goes through its data set once, so what later
   * epochs need is kept here.
   */
  train(call: CallId, request: TrainRequest): Promise<TrainOutput>;
  /** The mean loss over all labelled tokens, texts cut into blocks that don't overlap; and its exponential. */
  evaluate(call: CallId, request: EvaluateRequest): Promise<Evaluation>;
  /** All that a run goes on with in Python, by paths: from where it stands. Undefined once it is over. */
  exportRunning(call: CallId, run: CallId): Promise<ReadonlyMap<string, Blob> | undefined>;
  /** The same of a run that doesn't go on: from its last checkpoint, or from its beginning where there is none. */
  exportStored(call: CallId, request: ExportRequest): Promise<ReadonlyMap<string, Blob>>;
  /**
   * Answers one `need_data` event with at most `count` examples. `done`: there are no more; the last answer may be
   * empty. The page has checked their form, but neither the ids' range nor the lengths of labels and masks.
   */
  pushExamples(call: CallId, examples: readonly Example[], done: boolean): Promise<void>;
  /**
   * Adds a reason for the run to stand still; `resumeTraining` takes it away, and the last one lets the run go on. Resolves
   * once the last submitted step is acknowledged, or no reason is left. The reason comes back in the `paused` event. A run
   * that has ended ignores this and the next two calls.
   */
  pauseTraining(run: CallId, reason: PauseReason): Promise<void>;
  resumeTraining(run: CallId, reason: PauseReason): Promise<void>;
  /**
   * `should_training_stop` makes `train` resolve after the last submitted step, even while it is paused; `should_log` and
   * `should_save` ask for one log event and one checkpoint.
   */
  controlTraining(run: CallId, control: RunControl): Promise<void>;
}

/** A Blob is read in the worker. `length`: how many examples the feed holds, where that is known. */
export type DataSource =
  | { readonly kind: 'blob'; readonly blob: Blob; readonly format: 'jsonl' | 'text' }
  | { readonly kind: 'feed'; readonly length?: number };

export interface TrainRequest extends EvaluateRequest {
  /** Of a run that goes on: what it trained, in place of the active ones, also while adapters are disabled. */
  readonly trained?: readonly string[] | undefined;
  /** The hooks that somebody listens to; no others need be emitted. */
  readonly hooks: readonly RunHook[];
  /** true: from the last checkpoint, if there is one; a name: from that one, or `not_found`. */
  readonly resume_from_checkpoint: boolean | string;
  /** Whether it is to end where it goes on in another tab or session. */
  readonly take_over: boolean;
}

export interface EvaluateRequest {
  readonly model: Handle;
  /** In place of the active ones. */
  readonly adapter_name: string | undefined;
  readonly args: ResolvedTrainingArguments;
  readonly data: DataSource;
}

export interface ExportRequest extends EvaluateRequest {
  /** Whether it has done steps, so that its beginning won't do. */
  readonly begun: boolean;
}

/** What the model's task measures, by name. */
export type Evaluation = Readonly<Record<string, number>>;
