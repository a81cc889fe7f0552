import type { Batch } from './task_batches';

/** Metrics by name, for users to compare. */
export type Metrics = Readonly<Record<string, number>>;

/** Measurements over batches, without gradients. */
export interface Measured<B extends Batch = Batch> {
  /** The mean loss over all predictions. */
  readonly loss: number;
  /** The number of predictions. */
  readonly labelled: number;
  /** Means of the loss's own metrics, if it has any. */
  readonly means?: Float64Array;
  /** For a task whose loss returns logits: each batch with its logits, which are at the beginning of the array. */
  readonly outputs: readonly { readonly batch: B; readonly logits: Float32Array }[];
}

export interface TaskMetrics<B extends Batch = Batch> {
  /** The names of the metrics that say how good a model is. */
  readonly metricNames: readonly string[];
  /** The names of those metrics for which a lower value is better. */
  readonly lowerIsBetter: readonly string[];
  metrics(measured: Measured<B>): Metrics;
}
