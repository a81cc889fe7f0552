import type { BestEvaluation } from './run';
import type { EvalLogs, StepLogs, TrainProgress } from './training';

/** A run between two steps: all that it takes to go on as if it had never stopped. */
export interface RunSnapshot {
  readonly progress: TrainProgress;
  /** Of all steps' losses. */
  readonly lossSum: number;
  /** Of the steps that were logged. */
  readonly logs: readonly StepLogs[];
  readonly halving: Halving;
  readonly evaluation: EvaluationState;
  /** One for each adapter that trains, in the run's order. */
  readonly pools: readonly PoolSnapshot[];
}

/** What became of a run's learning rate, which is halved where a step led nowhere. */
export interface Halving {
  /** By which all rates are multiplied from here on. */
  readonly factor: number;
  /** The last of the steps that led nowhere; 0 where there was none. */
  readonly step: number;
  /** How often in a row it was halved for that step, or for one before it. */
  readonly times: number;
}

export const NOT_HALVED: Halving = { factor: 1, step: 0, times: 0 };

/** What a run's evaluations have come to. */
export interface EvaluationState {
  readonly logs: readonly EvalLogs[];
  readonly best: BestState | null;
  /** Evaluations since then that weren't better. */
  readonly stale: number;
}

/** The best evaluation, with what trained then, where the run ends with it: one array for each adapter, in the run's order. */
export interface BestState extends BestEvaluation {
  readonly parameters: readonly Float32Array<ArrayBuffer>[] | undefined;
}

export const NOT_EVALUATED: EvaluationState = { logs: [], best: null, stale: 0 };

/** All that one adapter trains, and what AdamW remembers of it, by torch's names. */
export interface PoolSnapshot {
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly exp_avg: Float32Array<ArrayBuffer>;
  readonly exp_avg_sq: Float32Array<ArrayBuffer>;
}
