import type { SentExample } from '../../core/types/training';
import type { Labels } from '../../models/labels';
import { exampleRows } from '../reading/example_rows';
import type { CollectedRows, CollectOptions, RowSource } from '../task/task_data';
import { expectClassifiable, rowWeights } from './classifier_arguments';
import { checkClasses } from './example_labels';
import type { RowTarget } from './row_targets';

/** The most targets of all rows together: a number for each label takes memory, too. */
const MOST_TARGETS = 2 ** 25;

/** How a data set becomes rows. */
interface LabelledFormat<Row> {
  readonly labels: Labels;
  /** The form of an example, for messages. */
  readonly form: string;
  /** The memory of a row, and the most that all rows may take. */
  readonly size: { readonly unit: string; readonly most: number; of(row: Row): number };
  row(example: SentExample, where: string): Row | Promise<Row>;
}

/** Reads a data set as `exampleRows` does. Also rejects with `invalid_argument` if all examples to learn have one class. */
export async function collectClassified<Row extends RowTarget>(
  source: RowSource,
  { args, purpose, signal }: CollectOptions,
  { labels, form, size, row }: LabelledFormat<Row>,
): Promise<CollectedRows<Row>> {
  expectClassifiable(args, labels);
  const numbers = { unit: 'numbers of labels', most: MOST_TARGETS, of: ({ targets }: Row) => targets.length };
  const rows = await exampleRows<Row>(source, { form, limits: [size, numbers], row }, signal);
  if (purpose === 'evaluation') return { rows, warnings: [] };
  const targets = rows.map((row) => row.targets);
  const classes = targets.map(([target = 0]) => target);
  const weights = rowWeights(classes, args.classWeights, labels);
  const weighted = rows.map((row, index) => ({ ...row, weight: weights[index] ?? 1 }));
  return { rows: weighted, warnings: checkClasses(targets, labels) };
}
