import type { BestEvaluation } from './run';
import type { EvalLogs, StepLogs, TrainProgress } from './training';

/** The state of a run between two steps, without the pools (the trained values and the optimiser's moments), which are on the device. */
export interface RecordSnapshot {
  readonly progress: TrainProgress;
  /** The sum of all steps' losses. */
  readonly lossSum: number;
  /** The logs of the steps that were logged. */
  readonly logs: readonly StepLogs[];
  readonly halving: Halving;
  readonly evaluation: EvaluationState;
  /**
   * Set for a run whose loss compares the model with its base: the base model's log probabilities of each row's first sequence, for all
   * rows, then those of each row's second sequence. NaN for rows that the run doesn't use.
   */
  readonly reference?: Float32Array<ArrayBuffer> | undefined;
}

/** The state of a run between two steps: everything that is needed to resume it as if it had never stopped. */
export interface RunSnapshot extends RecordSnapshot {
  /** The state of each adapter, if several adapters train on their own data. The run's own fields then count the steps of all adapters. */
  readonly lanes?: readonly RecordSnapshot[];
  /** The trained values and the optimiser's moments of each adapter that trains, in the run's order. */
  readonly pools: readonly PoolSnapshot[];
}

/** The halvings of a run's learning rate, which is halved when a step has no finite result. */
export interface Halving {
  /** The factor of all learning rates for the next steps. */
  readonly factor: number;
  /** The latest step that failed (the one with the highest number); 0 if no step failed. */
  readonly step: number;
  /**
   * The number of halvings since the run last got past `step`. If the run fails again at `step` or before it, the number grows by 1; if it
   * fails at a later step, it is 1.
   */
  readonly times: number;
}

export const NOT_HALVED: Halving = { factor: 1, step: 0, times: 0 };

/** The evaluations of a run so far. */
export interface EvaluationState {
  readonly logs: readonly EvalLogs[];
  readonly best: BestState | null;
  /** The number of evaluations in a row that didn't improve on the best one by more than `early_stopping_threshold`. */
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

/** The trained values of one adapter, and AdamW's two moments of them under torch's names. */
export interface PoolSnapshot {
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly exp_avg: Float32Array<ArrayBuffer>;
  readonly exp_avg_sq: Float32Array<ArrayBuffer>;
}
