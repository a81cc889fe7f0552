import type { StepLogs, TrainProgress } from './training';

/** A run between two steps: all that it takes to go on as if it had never stopped. */
export interface RunSnapshot {
  readonly progress: TrainProgress;
  /** Of all steps' losses. */
  readonly lossSum: number;
  /** Of the steps that were logged. */
  readonly logs: readonly StepLogs[];
  readonly halving: Halving;
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

/** All that one adapter trains, and what AdamW remembers of it, by torch's names. */
export interface PoolSnapshot {
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly exp_avg: Float32Array<ArrayBuffer>;
  readonly exp_avg_sq: Float32Array<ArrayBuffer>;
}
