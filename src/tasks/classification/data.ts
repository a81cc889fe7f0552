import { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { SentExample } from '../../core/types/training';
import type { Labels } from '../../models/labels';
import { placed, placedExamples } from '../reading/placed_examples';
import type { CollectedRows, CollectOptions, RowSource } from '../task/data';
import { expectClassifiable, rowWeights } from './arguments';
import { checkClasses } from './labels';
import type { RowTarget } from './targets';

/** Targets of all rows together: rows with a number for each label take memory for these too. */
const MOST_TARGETS = 2 ** 25;

/** How a data set becomes rows. */
interface RowFormat<Row> {
  readonly labels: Labels;
  /** An example, in messages. */
  readonly form: string;
  /** The memory of a row, and the most that all rows may take. */
  readonly size: { readonly unit: string; readonly most: number; of(row: Row): number };
  row(example: SentExample, where: string): Row | Promise<Row>;
}

/**
 * Reads a data set of examples with labels to its end. Throws `invalid_argument` (naming the example or line), also for data of one
 * class in training, `invalid_format` for broken files, `limit_exceeded`, and the reason of `signal`.
 */
export async function collectClassified<Row extends RowTarget>(
  source: RowSource,
  { args, purpose, signal }: CollectOptions,
  { labels, form, size, row: rowOf }: RowFormat<Row>,
): Promise<CollectedRows<Row>> {
  expectClassifiable(args, labels);
  if (source.kind === 'blob' && source.format === 'text') throw plainText();
  const rows: Row[] = [];
  const breather = new Breather(signal);
  let [sum, numbers] = [0, 0];
  for await (const { where, example } of placedExamples(source)) {
    await breather.breathe();
    const row = await rowAt(where, () => rowOf(example, where));
    rows.push(row);
    sum += size.of(row);
    if (sum > size.most) throw tooMuch(`${size.most} ${size.unit}`, sum);
    numbers += row.targets.length;
    if (numbers > MOST_TARGETS) throw tooMuch(`${MOST_TARGETS} numbers of labels`, numbers);
  }
  signal.throwIfAborted();
  if (rows.length === 0) throw empty(form);
  if (purpose === 'evaluation') return { rows, warnings: [] };
  const targets = rows.map((row) => row.targets);
  const classes = targets.map(([target = 0]) => target);
  const weights = rowWeights(classes, args.classWeights, labels);
  const weighted = rows.map((row, index) => ({ ...row, weight: weights[index] ?? 1 }));
  return { rows: weighted, warnings: checkClasses(targets, labels) };
}

/** Not every error says which example it is about. */
async function rowAt<Row>(where: string, make: () => Row | Promise<Row>): Promise<Row> {
  try {
    return await make();
  } catch (error) {
    throw error instanceof WebVeraError && error.message.startsWith(where) ? error : placed(error, where);
  }
}

function empty(form: string): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected a data set with at least one example, got none', {
    hint: `An example is ${form}.`,
  });
}

function plainText(): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected examples with labels, got a file of plain text', {
    hint: 'Pass a CSV file (.csv) with columns text and label, a JSON Lines file (.jsonl) of { "text": …, "label": … }, or a list.',
  });
}

function tooMuch(most: string, got: number): WebVeraError {
  return new WebVeraError('limit_exceeded', `Expected a data set of at most ${most}, got ${got} or more`, {
    hint: 'Pass a part of the data: what is read is kept in memory for later epochs.',
  });
}
