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
  /** The step block, which the loss only reads. */
  readonly block: Value;
  /** The values that train, each with the buffer in which its gradients accumulate. */
  readonly into: ReadonlyMap<Value, Value>;
  /** `label_smoothing_factor` while something trains, else 0. */
  readonly smoothing: number;
  /** Set if the loss compares rows by their classes instead of predicting them: the objective 'contrast'. */
  readonly contrastTemperature: number | undefined;
}

export interface Loss {
  /** The loss of each labelled row, or of each pair, to be summed up. */
  readonly losses: Value;
  /** Labelled rows per chunk. */
  readonly chunkRows: number;
  /** The logits of all labelled rows, (rows, outputs), if the task's metrics need them. In training their gradients overwrite them. */
  readonly logits?: Value;
  /** The value whose gradient trains the adapter. Set if it isn't `losses`. */
  readonly learnt?: Value;
  /** u32: the flat position of each of `losses`. Set if each is of one token of one row. */
  readonly positions?: Value;
  /** Set if the loss reports further means: a row of at most 8 numbers for each loss. */
  readonly metrics?: Value;
}

/** The loss over a network's hidden states. */
export interface TaskLoss<Inputs extends BatchInputs = BatchInputs> {
  /** The losses of a batch. Their gradient is computed in the forward pass, without a dy. */
  loss(g: Graph, parts: LossParts<Inputs>): Loss;
  /** Distinguishes the loss from that of the model's own task. Set if it is another. */
  readonly lossName?: string;
  /** Numbers for a step's logs, from the means of `Loss.metrics`. */
  logs?(means: ArrayLike<number>): Readonly<Partial<Record<LogMetric, number>>>;
}

/** The number of chunks of the loss that hold labelled rows. */
export function lossChunks(labelled: number, chunkRows: number): number {
  return Math.ceil(labelled / chunkRows);
}
