import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { InputName } from '../../models/architecture';

export interface BatchShape {
  /** The number of rows. */
  readonly B: number;
  /** Tokens per row, padding included. */
  readonly T: number;
  /** Set if the losses of some rows have weights other than 1. */
  readonly isWeighted?: boolean;
}

/** Returns the part of a program's cache key that depends on the shape of its batches. */
export function shapeKey({ B, T, isWeighted = false }: BatchShape): readonly number[] {
  return isWeighted ? [B, T, 1] : [B, T];
}

/** Rows in the form in which they are uploaded to the device. Only the task that made a batch knows its other fields. */
export interface Batch extends BatchShape {
  /** The number of predictions with a label. The loss is the mean over them, unless `terms` is set. */
  readonly labelled: number;
  /** The number of terms, such as pairs, whose mean is the loss. Set if the loss isn't the mean over the `labelled` predictions. */
  readonly terms?: number;
}

/** Returns the number of losses whose mean is the batch's loss. */
export function termsOf({ terms, labelled }: Batch): number {
  return terms ?? labelled;
}

/** A batch's input values. They are pinned (no other value shares their buffers), and the host writes them before a program runs. */
export interface BatchInputs {
  /** The network's inputs. */
  readonly network: Readonly<Partial<Record<InputName, Value>>>;
  /** u32 (B, T, 2): the spans from `attentionSpans`. */
  readonly spans: Value;
}

/** The arguments of a run that shape its batches. */
export type BatchArguments = Pick<ResolvedTrainingArguments, 'max_length' | 'per_device_train_batch_size'>;

/** Makes batches of rows, and writes batches to the inputs of a program. */
export interface TaskBatches<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs> {
  /** Returns the number of a row's tokens without padding, for reported rates. */
  tokensOf(row: Row): number;
  /** Returns the class of a row. Set for a task whose rows have one class each. */
  classOf?(row: Row): number;
  /**
   * Whether the row's loss is a squared error or has a weight other than 1. Losses of healthy batches may then differ by a large factor.
   * Default: false.
   */
  isUneven?(row: Row): boolean;
  /** Makes one batch of rows. */
  batch(rows: readonly Row[], args: BatchArguments): B;
  /** Returns the shape of a full batch whose longest row has the largest length that the arguments allow. */
  fullShape(args: BatchArguments): BatchShape;
  /** Creates the input values for batches of a shape. */
  inputs(shape: BatchShape): Inputs;
  /** Queues the upload of the batch's data to `inputs`; programs that are queued later read these data. */
  write(runner: Runner, inputs: Inputs, batch: B): void;
}

/** Yields batches of all rows, in the order of the rows. */
export function* batchesInOrder<Row, B extends Batch>(
  task: Pick<TaskBatches<Row, B>, 'batch'>,
  rows: readonly Row[],
  args: BatchArguments,
): Generator<B> {
  const size = args.per_device_train_batch_size;
  for (let start = 0; start < rows.length; start += size) yield task.batch(rows.slice(start, start + size), args);
}
