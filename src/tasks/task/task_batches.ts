import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { InputName } from '../../models/architecture';

export interface BatchShape {
  /** Rows. */
  readonly B: number;
  /** Tokens per row, padding included. */
  readonly T: number;
  /** Set if the losses of its rows have weights that aren't all 1. */
  readonly isWeighted?: boolean;
}

/** The part of a program's key that its batches' shape gives. */
export function shapeKey({ B, T, isWeighted = false }: BatchShape): readonly number[] {
  return isWeighted ? [B, T, 1] : [B, T];
}

/** Rows as the device takes them. Only the task that made a batch knows its other fields. */
export interface Batch extends BatchShape {
  /** The number of predictions with a label: the loss is the mean of their losses. */
  readonly labelled: number;
  /** The number of other terms whose mean the loss is, such as pairs. Set if the loss is not the mean over `labelled` predictions. */
  readonly terms?: number;
}

/** The number of losses whose mean is the batch's loss. */
export function termsOf({ terms, labelled }: Batch): number {
  return terms ?? labelled;
}

/** A batch's pinned buffers, which the host writes before each run. */
export interface BatchInputs {
  /** The network's inputs. */
  readonly network: Readonly<Partial<Record<InputName, Value>>>;
  /** u32 (B,T,2): from `attentionSpans`. */
  readonly spans: Value;
}

/** The arguments of a run that shape its batches. */
export type BatchArguments = Pick<ResolvedTrainingArguments, 'max_length' | 'per_device_train_batch_size'>;

/** How rows become batches, and batches the inputs of a program. */
export interface TaskBatches<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs> {
  /** Tokens of a row without padding, for rates. */
  tokensOf(row: Row): number;
  /** The class of a row. Set for a task whose rows have one class each. */
  classOf?(row: Row): number;
  /** Rows as one batch. */
  batch(rows: readonly Row[], args: BatchArguments): B;
  /** The shape of a batch whose longest row has the largest length that the arguments allow. */
  fullShape(args: BatchArguments): BatchShape;
  /** New values for batches of a shape. */
  inputs(shape: BatchShape): Inputs;
  /** Queues the batch's data; runs queued later see them. */
  write(runner: Runner, inputs: Inputs, batch: B): void;
}

/** All rows in their order, as batches. */
export function* batchesInOrder<Row, B extends Batch>(
  task: Pick<TaskBatches<Row, B>, 'batch'>,
  rows: readonly Row[],
  args: BatchArguments,
): Generator<B> {
  const size = args.per_device_train_batch_size;
  for (let start = 0; start < rows.length; start += size) yield task.batch(rows.slice(start, start + size), args);
}
