import type { ErrorCode } from '../errors/error';
import type {
  EvalLogs,
  PauseReason,
  StepLogs,
  TrainEvent,
  TrainerState,
  TrainingArguments,
  TrainProgress,
} from './training';

/** The callbacks for which a run sends `hook` events. For the other three, it sends the events `log`, `save` and `evaluate`. */
export type RunHook = Exclude<keyof TrainerCallback, 'on_log' | 'on_save' | 'on_evaluate'>;

/** How much of a data set a run has read, as its event `reading` reports it. */
export type ReadProgress = Omit<Extract<TrainEvent, { readonly type: 'reading' }>, 'type' | 'state'>;

/** The name of a data set. If each adapter has its own data, the adapter's name follows. */
export type DatasetName = ReadProgress['dataset'] | `${ReadProgress['dataset']} of ${string}`;

export type RunEvent =
  | ({ readonly type: 'reading' } & ReadProgress)
  | { readonly type: 'log'; readonly logs: StepLogs }
  | { readonly type: 'hook'; readonly hook: RunHook }
  /** `best`: the best evaluation so far, including this one. */
  | { readonly type: 'evaluate'; readonly logs: EvalLogs; readonly best: BestEvaluation | null }
  | ({ readonly type: 'save' } & Saved)
  | ({ readonly type: 'restored'; readonly checkpoint: string } & History)
  | ({ readonly type: 'recovered'; readonly cause: ErrorCode; readonly repeatedSteps: number } & History)
  | { readonly type: 'paused' | 'resumed'; readonly reason: PauseReason }
  | { readonly type: 'warning'; readonly code: ErrorCode; readonly message: string };

/** The progress that comes with an event. If the event is about several adapters, `adapters` has the progress of each by name. */
export interface RunProgress extends TrainProgress {
  readonly adapters?: Readonly<Record<string, TrainProgress>>;
}

/** The logs and evaluations of earlier steps. */
export interface History {
  readonly logs: readonly StepLogs[];
  readonly evaluations: readonly EvalLogs[];
  readonly best: BestEvaluation | null;
}

/** The evaluation with the best metric so far. */
export interface BestEvaluation {
  readonly step: number;
  /** The value of `metric_for_best_model`. */
  readonly metric: number;
}

export interface Saved {
  /** The checkpoint's name. */
  readonly checkpoint: string;
  /** Whether the checkpoint is stored on disk and outlives the session. */
  readonly durable: boolean;
}

/** Requests to a run in progress. */
export interface RunControl {
  /** Requests that the run end after the steps that are already queued. */
  readonly should_training_stop?: boolean;
  /** Requests one log event. */
  readonly should_log?: boolean;
  /** Requests one checkpoint. */
  readonly should_save?: boolean;
  /** Requests one evaluation. */
  readonly should_evaluate?: boolean;
  /** Whether to store a checkpoint at the end of the run. Default: depends on `save_strategy`. */
  readonly save_at_end?: boolean | undefined;
  /** Requests a check that this tab still holds the run's lock. */
  readonly check_lock?: boolean;
  /** Answers the event `reported`: all callbacks have been called. */
  readonly heard?: boolean;
}

/**
 * Requests that a callback may set. A request that is set after the callback has returned is read at the next event. Requests take effect
 * at the next step that isn't submitted yet, or at the end of the run.
 */
export interface TrainerControl {
  should_training_stop: boolean;
  /** Requests one log event at the end of the step, regardless of `logging_steps`. */
  should_log: boolean;
  /** Requests one checkpoint after the last submitted step, regardless of `save_strategy`. */
  should_save: boolean;
  /** Requests one evaluation after the last submitted step, regardless of `eval_strategy`. */
  should_evaluate: boolean;
}

export type TrainerHook = (
  args: Readonly<TrainingArguments>,
  state: TrainerState,
  control: TrainerControl,
  extra?: Readonly<Record<string, number>>,
) => void;

/**
 * Hugging Face's callbacks. They run on the page; a callback that throws, or whose promise rejects, ends the run with its error. A run
 * doesn't wait for promises. Callbacks are called again for steps that a run repeats (`recovered`).
 */
export interface TrainerCallback {
  on_train_begin?: TrainerHook;
  on_epoch_begin?: TrainerHook;
  on_step_begin?: TrainerHook;
  on_step_end?: TrainerHook;
  /** `extra` holds the logs. */
  on_log?: TrainerHook;
  /** `extra` holds the metrics. Called for the run's own evaluations and for `Trainer.evaluate()`. */
  on_evaluate?: TrainerHook;
  /** Called when a checkpoint is stored. */
  on_save?: TrainerHook;
  on_epoch_end?: TrainerHook;
  on_train_end?: TrainerHook;
}
