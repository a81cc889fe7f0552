import type { LogMetric } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { Layers } from '../../models/layers';
import type { BatchInputs, BatchShape } from './task_batches';

/** The values from which logits are computed. */
export interface LogitsParts<Inputs extends BatchInputs> {
  /** The network's last hidden states: (N, C). */
  readonly hidden: Value;
  readonly layers: Layers;
  readonly inputs: Inputs;
}

/** The values from which a loss is computed. */
export interface LossParts<Inputs extends BatchInputs> extends LogitsParts<Inputs> {
  readonly shape: BatchShape;
  /** The step block: the values that change from step to step. The loss only reads it. */
  readonly block: Value;
  /** Maps each trained value to the buffer in which its gradients accumulate. */
  readonly into: ReadonlyMap<Value, Value>;
  /** `label_smoothing_factor` if something is trained, otherwise 0. */
  readonly smoothing: number;
  /** Set for the objective 'contrast', whose loss compares rows by their classes instead of predicting the classes. */
  readonly contrastTemperature: number | undefined;
}

export interface Loss {
  /** The loss of each labelled row or pair. The batch's loss is computed from their sum. */
  readonly losses: Value;
  /** The number of labelled rows per chunk. */
  readonly chunkRows: number;
  /**
   * The logits of all labelled rows, (rows, outputs), if the task's metrics need them. In training, the logits' gradients overwrite them.
   */
  readonly logits?: Value;
  /** The value whose gradient trains the adapter. Set if it isn't `losses`. */
  readonly learnt?: Value;
  /** u32: the flat position of the token to which each of `losses` belongs. Set if each loss belongs to one token. */
  readonly positions?: Value;
  /** Further values whose means are reported: (losses, count), with a count of at most 8. Set if there are any. */
  readonly metrics?: Value;
}

/** The loss over a network's hidden states. */
export interface TaskLoss<Inputs extends BatchInputs = BatchInputs> {
  /** Computes the losses of a batch. The forward pass computes their gradients, too, so it needs no gradient from later ops (dy). */
  loss(g: Graph, parts: LossParts<Inputs>): Loss;
  /** A name that distinguishes the loss from that of the model's own task. Set if they differ. */
  readonly lossName?: string;
  /** Returns values for a step's logs, from the means of `Loss.metrics`. */
  logs?(means: ArrayLike<number>): Readonly<Partial<Record<LogMetric, number>>>;
}

/** Returns the number of chunks of the loss that contain labelled rows. */
export function lossChunks(labelled: number, chunkRows: number): number {
  return Math.ceil(labelled / chunkRows);
}
