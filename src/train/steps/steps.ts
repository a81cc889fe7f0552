import { WebVeraError } from '../../core/errors/error';
import { totalOf } from '../../core/numbers/numbers';
import { planSteps, type StepCountArguments } from '../../core/numbers/step_plan';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import {
  type BatchArguments,
  type BatchShape,
  batchesInOrder,
  type TaskBatches,
  termsOf,
} from '../../tasks/task/task_batches';
import type { TaskData } from '../../tasks/task/task_data';
import type { StepData } from '../training_init';
import { type OrderArguments, rowsOfEpoch } from './row_order';

type RowTask<Row> = Pick<TaskBatches<Row>, 'batch' | 'tokensOf' | 'classOf'>;

type StepArguments = OrderArguments & StepCountArguments & Pick<ResolvedTrainingArguments, 'max_length'>;

/** The rows of one optimiser step. */
export interface StepRows<Row = unknown> extends Omit<StepData, 'microBatches' | 'labelled'> {
  readonly rows: readonly Row[];
}

/** Returns the shape of the largest batch: as many rows as a batch has, with the length of the longest row. */
export function largestBatch<Row>(
  task: Pick<TaskBatches<Row>, 'batch'> & Pick<TaskData<Row>, 'columns'>,
  rows: readonly Row[],
  args: BatchArguments,
): BatchShape {
  const [first, ...others] = rows;
  if (first === undefined) throw new WebVeraError('internal', 'Expected rows to make batches of');
  const lengthOf = (row: Row): number => task.columns(row)[0]?.length ?? 0;
  const longest = others.reduce((most, row) => (lengthOf(row) > lengthOf(most) ? row : most), first);
  const { B, T } = task.batch([longest], args);
  return { B: B * Math.min(rows.length, args.per_device_train_batch_size), T };
}

/**
 * Yields the data of each step after the first `done` steps. A step's rows depend only on the arguments and the given rows, so a resumed
 * run gets the same rows as an uninterrupted one.
 */
export async function* trainingSteps<Row>(
  task: RowTask<Row>,
  rows: readonly Row[],
  args: StepArguments,
  done = 0,
): AsyncGenerator<StepData> {
  for await (const { rows: ofStep, ...step } of rowsOfSteps(task, rows, args, done)) {
    const microBatches = [...batchesInOrder(task, ofStep, args)];
    yield { microBatches, labelled: totalOf(microBatches, termsOf), ...step };
  }
}

/** Yields the same steps as `trainingSteps`, each with its rows in place of its micro-batches. */
export async function* rowsOfSteps<Row>(
  task: Pick<RowTask<Row>, 'tokensOf' | 'classOf'>,
  rows: readonly Row[],
  args: StepArguments,
  done = 0,
): AsyncGenerator<StepRows<Row>> {
  const { stepsPerEpoch, maxSteps } = planSteps(rows.length, args);
  const rowsPerStep = args.per_device_train_batch_size * args.gradient_accumulation_steps;
  let ordered: { readonly epoch: number; readonly rows: readonly Row[] } | undefined;
  for (let step = done; step < maxSteps; step++) {
    const epoch = Math.floor(step / stepsPerEpoch);
    const within = step % stepsPerEpoch;
    if (ordered?.epoch !== epoch) ordered = { epoch, rows: await rowsOfEpoch(task, rows, args, epoch) };
    const ofStep = ordered.rows.slice(within * rowsPerStep, (within + 1) * rowsPerStep);
    yield {
      rows: ofStep,
      tokens: totalOf(ofStep, (row) => task.tokensOf(row)),
      epoch: (step + 1) / stepsPerEpoch,
      startsEpoch: within === 0,
      // The last epoch may end early.
      endsEpoch: within === stepsPerEpoch - 1 || step === maxSteps - 1,
    };
  }
}
