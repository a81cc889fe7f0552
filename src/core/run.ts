import type { ErrorCode } from './error';
import type { PauseReason, StepLogs, TrainerCallback } from './training';

/** What a run calls back by itself. `on_log` and `on_save` come with those events, `on_evaluate` after an evaluation. */
export type RunHook = Exclude<keyof TrainerCallback, 'on_log' | 'on_save' | 'on_evaluate'>;

export type RunEvent =
  | { readonly type: 'log'; readonly logs: StepLogs }
  | { readonly type: 'hook'; readonly hook: RunHook }
  | ({ readonly type: 'save' } & Saved)
  /** `logs`: of the steps before it. */
  | { readonly type: 'restored'; readonly checkpoint: string; readonly logs: readonly StepLogs[] }
  /** `logs`: of the steps that stay. */
  | {
      readonly type: 'recovered';
      readonly cause: ErrorCode;
      readonly repeatedSteps: number;
      readonly logs: readonly StepLogs[];
    }
  | { readonly type: 'paused' | 'resumed'; readonly reason: PauseReason }
  | { readonly type: 'warning'; readonly code: ErrorCode; readonly message: string };

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
  /** Whether its end is kept; by default as `save_strategy` says. */
  readonly save_at_end?: boolean | undefined;
  /** Whether it is still this tab's run is looked at. */
  readonly check_lock?: boolean;
}
