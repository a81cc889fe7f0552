import { permutation } from '../../core/numbers/rng';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { TaskBatches } from '../../tasks/task/task_batches';
import { pairsOfClasses } from './pairs_of_classes';

type OrderTask<Row> = Pick<TaskBatches<Row>, 'tokensOf' | 'classOf'>;

export type OrderArguments = Pick<
  ResolvedTrainingArguments,
  'per_device_train_batch_size' | 'gradient_accumulation_steps' | 'seed' | 'shuffle' | 'group_by_length' | 'objective'
>;

/** Returns the rows in an epoch's order, which depends only on the arguments, the epoch, and the rows' count, lengths and classes. */
export async function rowsOfEpoch<Row>(
  task: OrderTask<Row>,
  rows: readonly Row[],
  args: OrderArguments,
  epoch: number,
): Promise<readonly Row[]> {
  if (!args.shuffle) return rows;
  const order = await permutation(rows.length, args.seed, epoch);
  const shuffled = Array.from(order, (index) => rows[index] as Row);
  if (args.objective === 'contrast') return pairsOfClasses(task, shuffled, { seed: args.seed, epoch });
  return args.group_by_length ? groupedByLength(task, shuffled, args) : shuffled;
}

/** Returns the rows that a run of `maxSteps` steps uses, in the order of their first use. */
export async function rowsOfRun<Row>(
  task: OrderTask<Row>,
  rows: readonly Row[],
  args: OrderArguments,
  maxSteps: number,
): Promise<readonly Row[]> {
  const rowsPerStep = args.per_device_train_batch_size * args.gradient_accumulation_steps;
  return (await rowsOfEpoch(task, rows, args, 0)).slice(0, maxSteps * rowsPerStep);
}

/** Returns the rows in the order in which a loss is measured: as given, or in pairs of one class for a loss that compares rows. */
export async function rowsToMeasure<Row>(
  task: OrderTask<Row>,
  rows: readonly Row[],
  args: OrderArguments,
): Promise<readonly Row[]> {
  return args.objective === 'contrast' ? rowsOfEpoch(task, rows, { ...args, shuffle: true }, 0) : rows;
}

/** The maximum number of steps whose rows are sorted together. */
const STEPS_OF_A_GROUP = 50;

/**
 * Sorts rows by length within groups of steps, and puts the longest row first, as transformers does, so that memory runs out immediately or
 * never.
 */
function groupedByLength<Row>(task: OrderTask<Row>, rows: readonly Row[], args: OrderArguments): readonly Row[] {
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
