import type { ErrorCode } from '../errors/error';
import type { EvalLogs, PauseReason, StepLogs, TrainEvent, TrainerCallback } from './training';

/** What a run calls back by itself. `on_log`, `on_save` and `on_evaluate` come with those events. */
export type RunHook = Exclude<keyof TrainerCallback, 'on_log' | 'on_save' | 'on_evaluate'>;

/** How much of a data set a run has read, as its event `reading` reports it. */
export type ReadProgress = Omit<Extract<TrainEvent, { readonly type: 'reading' }>, 'type' | 'state'>;

export type DatasetName = ReadProgress['dataset'];

export type RunEvent =
  | ({ readonly type: 'reading' } & ReadProgress)
  | { readonly type: 'log'; readonly logs: StepLogs }
  | { readonly type: 'hook'; readonly hook: RunHook }
  /** `best`: the best so far, this one included. */
  | { readonly type: 'evaluate'; readonly logs: EvalLogs; readonly best: BestEvaluation | null }
  | ({ readonly type: 'save' } & Saved)
  | ({ readonly type: 'restored'; readonly checkpoint: string } & History)
  | ({ readonly type: 'recovered'; readonly cause: ErrorCode; readonly repeatedSteps: number } & History)
  | { readonly type: 'paused' | 'resumed'; readonly reason: PauseReason }
  | { readonly type: 'warning'; readonly code: ErrorCode; readonly message: string };

/** Of what came before, and stays. */
export interface History {
  readonly logs: readonly StepLogs[];
  readonly evaluations: readonly EvalLogs[];
  readonly best: BestEvaluation | null;
}

/** An evaluation that no later one was better than. */
export interface BestEvaluation {
  readonly step: number;
  /** By `metric_for_best_model`. */
  readonly metric: number;
}

export interface Saved {
  /** The state's name. */
  readonly checkpoint: string;
  /** Whether it outlives the session. */
  readonly durable: boolean;
}

/** What may be asked of a run while it goes on. */
export interface RunControl {
  /** Ends it after the steps that are queued. */
  readonly should_training_stop?: boolean;
  /** One log event. */
  readonly should_log?: boolean;
  /** One checkpoint. */
  readonly should_save?: boolean;
  /** One evaluation. */
  readonly should_evaluate?: boolean;
  /** Whether its end is kept; by default as `save_strategy` says. */
  readonly save_at_end?: boolean | undefined;
  /** Whether it is still this tab's run is looked at. */
  readonly check_lock?: boolean;
}
