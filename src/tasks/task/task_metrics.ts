import type { Batch } from './task_batches';

/** Metrics by name, for users to compare. */
export type Metrics = Readonly<Record<string, number>>;

/** Labelled predictions and their targets, both (predictions, targets for each). */
export interface Predicted {
  readonly predicted: readonly number[];
  readonly targets: readonly number[];
}

/** Measurements over batches, without gradients. `predicted` and `targets` are empty unless the task has `predictions`. */
export interface Measured extends Predicted {
  /** The mean loss over all predictions. */
  readonly loss: number;
  /** The number of predictions. */
  readonly labelled: number;
  /** Means of the loss's own metrics, if it has any. */
  readonly means?: Float64Array;
}

export interface TaskMetrics<B extends Batch = Batch> {
  /** The names of the metrics that `metric_for_best_model` accepts. */
  readonly metricNames: readonly string[];
  /** The names of those metrics for which a lower value is better. */
  readonly lowerIsBetter: readonly string[];
  /**
   * Returns a batch's predictions. Unlike batches and logits, predictions are small enough to hold for a whole data set. The batch's logits
   * are at the beginning of `logits`. Set if the loss returns logits.
   */
  predictions?(batch: B, logits: Float32Array): Predicted;
  metrics(measured: Measured): Metrics;
}
