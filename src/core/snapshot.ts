import type { StepLogs, TrainProgress } from './training';

/** A run between two steps: all that it takes to go on as if it had never stopped. */
export interface RunSnapshot {
  readonly progress: TrainProgress;
  /** Of all steps' losses. */
  readonly lossSum: number;
  /** Of the steps that were logged. */
  readonly logs: readonly StepLogs[];
  /** One for each adapter that trains, in the run's order. */
  readonly pools: readonly PoolSnapshot[];
}

/** All that one adapter trains, and what AdamW remembers of it, by torch's names. */
export interface PoolSnapshot {
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly exp_avg: Float32Array<ArrayBuffer>;
  readonly exp_avg_sq: Float32Array<ArrayBuffer>;
}
