import type { SentExample } from '../../core/types/training';
import type { Batch, BatchInputs, TaskBatches } from './task_batches';
import type { TaskPrediction } from './task_prediction';

export interface EmbedRowOptions {
  readonly signal: AbortSignal;
  /** Called for each truncated text. */
  onCut(): void;
}

/** Makes a vector of each input, for `embed`. The vectors of a batch are the output of `logits`: (B, K·C) for K pooling modes. */
export interface Embedder<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs>
  extends TaskBatches<Row, B, Inputs>,
    Pick<TaskPrediction<Row, B, Inputs>, 'logits'> {
  /** The largest number of tokens per input. */
  readonly maxLength: number;
  /**
   * Checks an input without decoding it. Throws the same errors as `row`, except those of decoding. Set if rows take much memory: then all
   * inputs are checked first, and rows are made one batch at a time. These rows all have the same length.
   */
  check?(example: SentExample, where: string): void;
  /** Makes a row of an input. Throws `invalid_argument` and `invalid_format`, naming the input, and the reason of `signal`. */
  row(example: SentExample, where: string, options: EmbedRowOptions): Row | Promise<Row>;
}
