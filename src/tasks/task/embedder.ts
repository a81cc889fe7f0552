import type { SentExample } from '../../core/types/training';
import type { Batch, BatchInputs, TaskBatches } from './task_batches';
import type { TaskPrediction } from './task_prediction';

export interface EmbedRowOptions {
  readonly signal: AbortSignal;
  /** Called for a text that is cut. */
  onCut(): void;
}

/** Makes a vector of each input: `embed`. The vectors of a batch are what `logits` emits, (B, C). */
export interface Embedder<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs>
  extends TaskBatches<Row, B, Inputs>,
    Pick<TaskPrediction<Row, B, Inputs>, 'logits'> {
  /** The most tokens of an input. */
  readonly maxLength: number;
  /** An input as a row. Throws `invalid_argument` and `invalid_format`, naming the input, and the reason of `signal`. */
  row(example: SentExample, where: string, options: EmbedRowOptions): Row | Promise<Row>;
}
