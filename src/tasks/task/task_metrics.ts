import type { Batch } from './task_batches';

/** Metrics that users compare, by name. */
export type Metrics = Readonly<Record<string, number>>;

/** Measurements over batches, without gradients. */
export interface Measured<B extends Batch = Batch> {
  /** The mean over all predictions. */
  readonly loss: number;
  /** The number of predictions. */
  readonly labelled: number;
  /** Means of the loss's own metrics, if it has any. */
  readonly means?: Float64Array;
  /** For a task whose loss gives logits: each batch with its logits, which are at the beginning of the array. */
  readonly outputs: readonly { readonly batch: B; readonly logits: Float32Array }[];
}

export interface TaskMetrics<B extends Batch = Batch> {
  /** Names of the metrics that say how good a model is. */
  readonly metricNames: readonly string[];
  /** Those of them that are better when they are lower. */
  readonly lowerIsBetter: readonly string[];
  metrics(measured: Measured<B>): Metrics;
}
