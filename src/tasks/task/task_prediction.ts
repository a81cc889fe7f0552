import type { LabelScore } from '../../core/types/prediction';
import type { GivenInputs, Tensor } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { Batch, BatchArguments, BatchInputs } from './task_batches';
import type { LogitsParts } from './task_loss';

export interface UnlabelledOptions {
  readonly args: BatchArguments;
  readonly signal: AbortSignal;
}

/** Predicts the labels of inputs that have none. */
export interface Predictor<Row> {
  /** Throws `invalid_argument` and `invalid_format`, naming the input, and the reason of `signal`. */
  unlabelled(example: SentExample, where: string, options: UnlabelledOptions): Row | Promise<Row>;
  /** A list for each row: the likeliest label first, or numbers in the order of the labels. */
  scores(logits: Float32Array): readonly (readonly LabelScore[])[];
}

/** Passes without a loss: `forward` and `predict`. */
export interface TaskPrediction<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs> {
  /** The output of a pass without a loss. */
  logits(g: Graph, parts: LogitsParts<Inputs>): Value;
  /** The inputs of `forward` as one batch. Throws `invalid_argument` if the model can't take them in. */
  given(inputs: GivenInputs): B;
  /** The logits of such a batch, from the beginning of `data`, in the shape that `forward` gives. */
  logitsOf(data: Float32Array, inputs: GivenInputs, batch: B): Tensor;
  /** Set if the task predicts labels of whole inputs. */
  readonly predictor?: Predictor<Row>;
}
