import type { GivenInputs, Tensor } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { Batch, BatchArguments, BatchInputs } from './task_batches';
import type { LogitsParts } from './task_loss';

interface UnlabelledOptions {
  readonly args: BatchArguments;
  readonly signal: AbortSignal;
}

/** The scores of rows, as few arrays instead of an object for each score. */
export interface RankedScores {
  /** (rows, labels): the indices of the labels, by descending score in each row; for predicted numbers, in the labels' own order. */
  readonly order: Uint32Array;
  /** (rows, labels): the scores of the labels in `order`. */
  readonly scores: Float64Array;
}

/** Predicts the labels of inputs that have none. */
export interface Predictor<Row> {
  /**
   * Makes a row of an example, without its label. Throws `invalid_argument` and `invalid_format`, naming the input, and the reason of
   * `signal`.
   */
  unlabelled(example: SentExample, where: string, options: UnlabelledOptions): Row | Promise<Row>;
  /**
   * Checks an input without decoding it. Throws the same errors as `unlabelled`, except those of decoding. Set if rows take much memory:
   * then all inputs are checked first, and rows are made one batch at a time.
   */
  readonly check?: ((example: SentExample, where: string) => void) | undefined;
  /** The names of the labels. */
  readonly labels: readonly string[];
  /** Set if a row may have several labels. It has those whose score is above the threshold. */
  readonly threshold?: number | undefined;
  /** Returns the scores of each row. */
  scores(logits: Float32Array): RankedScores;
}

/** Forward passes without a loss, for `forward` and `predict`. */
export interface TaskPrediction<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs> {
  /** Computes the output of a forward pass without a loss. */
  logits(g: Graph, parts: LogitsParts<Inputs>): Value;
  /** Makes one batch of the inputs of `forward`. Throws `invalid_argument` if they don't fit the model. */
  given(inputs: GivenInputs): B;
  /** Returns the logits of a batch from `given`, in the shape that `forward` returns. They are at the beginning of `data`. */
  logitsOf(data: Float32Array, inputs: GivenInputs, batch: B): Tensor;
  /** Set if the task predicts labels of whole inputs. */
  readonly predictor?: Predictor<Row>;
}
