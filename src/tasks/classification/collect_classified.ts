import type { SentExample } from '../../core/types/training';
import type { Labels } from '../../models/labels';
import { exampleRows } from '../reading/example_rows';
import type { CollectedRows, CollectOptions, RowSource } from '../task/task_data';
import { expectClassifiable, rowWeights } from './classifier_arguments';
import { checkClasses } from './example_labels';
import type { RowTarget } from './row_targets';

/** The largest number of targets in all rows together. It limits their memory, because each row may have a number for each label. */
const MOST_TARGETS = 2 ** 25;

/** The format of a labelled data set, and how an example becomes a row. */
interface LabelledFormat<Row> {
  readonly labels: Labels;
  /** The format of an example, for error messages. */
  readonly form: string;
  /** Measures a row's memory in `unit`s, and limits the sum over all rows. */
  readonly size: { readonly unit: string; readonly most: number; of(row: Row): number };
  row(example: SentExample, where: string): Row | Promise<Row>;
}

/** Reads a data set as `exampleRows` does. Also rejects with `invalid_argument` if all training examples have the same class. */
export async function collectClassified<Row extends RowTarget>(
  source: RowSource,
  { args, purpose, isWeighted = false, signal }: CollectOptions,
  { labels, form, size, row }: LabelledFormat<Row>,
): Promise<CollectedRows<Row>> {
  expectClassifiable(args, labels);
  const numbers = { unit: 'numbers of labels', most: MOST_TARGETS, of: ({ targets }: Row) => targets.length };
  const rows = await exampleRows<Row>(source, { form, limits: [size, numbers], row }, signal);
  const isTraining = purpose === 'training';
  if (!isTraining && !isWeighted) return { rows, warnings: [] };
  const targets = rows.map((row) => row.targets);
  const classes = targets.map(([target = 0]) => target);
  const weights = rowWeights(classes, args.classWeights, labels);
  const weighted = rows.map((row, index) => ({ ...row, weight: weights[index] ?? 1 }));
  return { rows: weighted, warnings: isTraining ? checkClasses(targets, labels) : [] };
}
