import type { BestEvaluation } from './run';
import type { EvalLogs, StepLogs, TrainProgress } from './training';

/** A run's record between two steps: its state without the pools that the device holds. */
export interface RecordSnapshot {
  readonly progress: TrainProgress;
  /** The sum of all steps' losses. */
  readonly lossSum: number;
  /** The logs of the steps that were logged. */
  readonly logs: readonly StepLogs[];
  readonly halving: Halving;
  readonly evaluation: EvaluationState;
  /**
   * Set for a run that compares the model with its base: the base's log probabilities, first for the first sequences of all
   * rows, then for the second ones. NaN for rows that the run doesn't use.
   */
  readonly reference?: Float32Array<ArrayBuffer> | undefined;
}

/** The state of a run between two steps: everything that is needed to resume it as if it had never stopped. */
export interface RunSnapshot extends RecordSnapshot {
  /** Set if several adapters train on data of their own: the record of each adapter. The run's own record counts the steps of all. */
  readonly lanes?: readonly RecordSnapshot[];
  /** One pool for each adapter that trains, in the run's order. */
  readonly pools: readonly PoolSnapshot[];
}

/** The halvings of a run's learning rate, which is halved when a step has no finite result. */
export interface Halving {
  /** The factor for all learning rates from this step on. */
  readonly factor: number;
  /** The last step that failed; 0 if no step failed. */
  readonly step: number;
  /** How often in a row the rate was halved for that step or an earlier one. */
  readonly times: number;
}

export const NOT_HALVED: Halving = { factor: 1, step: 0, times: 0 };

/** The evaluations of a run so far. */
export interface EvaluationState {
  readonly logs: readonly EvalLogs[];
  readonly best: BestState | null;
  /** Number of evaluations since the best one. */
  readonly stale: number;
}

/**
 * The best evaluation. `parameters` are the trained values at that step, one array for each adapter, in the run's order. They are set only
 * with `load_best_model_at_end`.
 */
export interface BestState extends BestEvaluation {
  readonly parameters: readonly Float32Array<ArrayBuffer>[] | undefined;
}

export const NOT_EVALUATED: EvaluationState = { logs: [], best: null, stale: 0 };

/** Everything that one adapter trains, with AdamW's moments, by torch's names. */
export interface PoolSnapshot {
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly exp_avg: Float32Array<ArrayBuffer>;
  readonly exp_avg_sq: Float32Array<ArrayBuffer>;
}
