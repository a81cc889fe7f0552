import { WebVeraError } from '../../core/errors/error';
import { permutation } from '../../core/numbers/rng';
import { ceilDiv } from '../../core/numbers/shape';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { type BatchArguments, type BatchShape, batchesInOrder, type TaskBatches } from '../../tasks/task/task_batches';
import type { TaskData } from '../../tasks/task/task_data';
import type { StepData } from '../training_init';

type RowTask<Row> = Pick<TaskBatches<Row>, 'batch' | 'tokensOf'>;

type StepArguments = Pick<
  ResolvedTrainingArguments,
  | 'max_length'
  | 'per_device_train_batch_size'
  | 'gradient_accumulation_steps'
  | 'num_train_epochs'
  | 'max_steps'
  | 'seed'
  | 'shuffle'
  | 'group_by_length'
>;

interface StepPlan {
  readonly stepsPerEpoch: number;
  readonly maxSteps: number;
}

/** The number of optimiser steps, counted as in transformers' Trainer: an epoch's incomplete last step counts too. */
export function planSteps(rowCount: number, args: StepArguments): StepPlan {
  const batches = ceilDiv(rowCount, args.per_device_train_batch_size);
  const stepsPerEpoch = Math.max(1, ceilDiv(batches, args.gradient_accumulation_steps));
  const maxSteps = args.max_steps > 0 ? args.max_steps : Math.ceil(args.num_train_epochs * stepsPerEpoch);
  return { stepsPerEpoch, maxSteps };
}

/** The shape of the largest batch: as many rows as a batch has, with the length of the longest row. */
export function largestBatch<Row>(
  task: Pick<TaskBatches<Row>, 'batch'> & Pick<TaskData<Row>, 'columns'>,
  rows: readonly Row[],
  args: BatchArguments,
): BatchShape {
  const [first, ...others] = rows;
  if (first === undefined) throw new WebVeraError('internal', 'Expected rows to make batches of');
  const lengthOf = (row: Row): number => task.columns(row)[0]?.length ?? 0;
  const longest = others.reduce((most, row) => (lengthOf(row) > lengthOf(most) ? row : most), first);
  return { B: Math.min(rows.length, args.per_device_train_batch_size), T: task.batch([longest], args).T };
}

/**
 * The data of each step after the first `done`. A step's rows depend only on seed, epoch and row count, so a resumed run gets the same rows
 * as an uninterrupted one.
 */
export async function* trainingSteps<Row>(
  task: RowTask<Row>,
  rows: readonly Row[],
  args: StepArguments,
  done = 0,
): AsyncGenerator<StepData> {
  const { stepsPerEpoch, maxSteps } = planSteps(rows.length, args);
  const rowsPerStep = args.per_device_train_batch_size * args.gradient_accumulation_steps;
  let ordered: { readonly epoch: number; readonly rows: readonly Row[] } | undefined;
  for (let step = done; step < maxSteps; step++) {
    const epoch = Math.floor(step / stepsPerEpoch);
    const within = step % stepsPerEpoch;
    if (ordered?.epoch !== epoch) ordered = { epoch, rows: await rowsOfEpoch(task, rows, args, epoch) };
    const ofStep = ordered.rows.slice(within * rowsPerStep, (within + 1) * rowsPerStep);
    const microBatches = [...batchesInOrder(task, ofStep, args)];
    yield {
      microBatches,
      labelled: sum(microBatches.map(({ labelled }) => labelled)),
      tokens: sum(ofStep.map((row) => task.tokensOf(row))),
      epoch: (step + 1) / stepsPerEpoch,
      startsEpoch: within === 0,
      // The last epoch may end early.
      endsEpoch: within === stepsPerEpoch - 1 || step === maxSteps - 1,
    };
  }
}

async function rowsOfEpoch<Row>(
  task: RowTask<Row>,
  rows: readonly Row[],
  args: StepArguments,
  epoch: number,
): Promise<readonly Row[]> {
  if (!args.shuffle) return rows;
  const order = await permutation(rows.length, args.seed, epoch);
  const shuffled = Array.from(order, (index) => rows[index] as Row);
  return args.group_by_length ? groupedByLength(task, shuffled, args) : shuffled;
}

/** The most steps whose rows are sorted together. */
const STEPS_OF_A_GROUP = 50;

/** Sorts within groups of steps and puts the longest row first, as transformers does, so that memory runs out immediately or never. */
function groupedByLength<Row>(task: RowTask<Row>, rows: readonly Row[], args: StepArguments): readonly Row[] {
  const ofStep = args.per_device_train_batch_size * args.gradient_accumulation_steps;
  const steps = Math.min(STEPS_OF_A_GROUP, Math.floor(rows.length / (4 * ofStep))) || 1;
  const lengths = new Map(rows.map((row) => [row, task.tokensOf(row)]));
  const lengthOf = (row: Row): number => lengths.get(row) ?? 0;
  const groups: Row[][] = [];
  for (let start = 0; start < rows.length; start += steps * ofStep) {
    groups.push(rows.slice(start, start + steps * ofStep).sort((a, b) => lengthOf(b) - lengthOf(a)));
  }
  const longest = Math.max(...groups.map(([first]) => (first === undefined ? 0 : lengthOf(first))));
  const at = groups.findIndex(([first]) => first !== undefined && lengthOf(first) === longest);
  const [own, other] = [groups[0]?.[0], groups[at]?.[0]];
  if (own !== undefined && other !== undefined) {
    (groups[0] as Row[])[0] = other;
    (groups[at] as Row[])[0] = own;
  }
  return groups.flat();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}
