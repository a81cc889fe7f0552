import { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { SentExample } from '../../core/types/training';
import type { RowSource } from '../task/task_data';
import { placed, placedExamples } from './placed_examples';
import { recognised } from './recognised';

interface RowFormat<Row> {
  /** The format of an example, for error messages. */
  readonly form: string;
  /** Limits on the memory of all rows together: `of` measures a row in `unit`s. */
  readonly limits: readonly { readonly unit: string; readonly most: number; of(row: Row): number }[];
  row(example: SentExample, where: string): Row | Promise<Row>;
}

/**
 * Reads a whole data set of examples and makes a row of each. Rejects with `invalid_argument` (naming the example or line),
 * `invalid_format` for broken files, `limit_exceeded`, and the reason of `signal`.
 */
export async function exampleRows<Row>(
  given: RowSource,
  { form, limits, row: rowOf }: RowFormat<Row>,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const source = await recognised(given);
  if (source.kind === 'blob' && source.format === 'text') throw plainText(form);
  const rows: Row[] = [];
  const breather = new Breather(signal);
  const sums = limits.map(() => 0);
  for await (const { where, example } of placedExamples(source)) {
    await breather.breathe();
    const row = await rowAt(where, () => rowOf(example, where));
    rows.push(row);
    for (const [index, { unit, most, of }] of limits.entries()) {
      const sum = (sums[index] ?? 0) + of(row);
      if (sum > most) throw tooMuch(`${most} ${unit}`, sum);
      sums[index] = sum;
    }
  }
  signal.throwIfAborted();
  if (rows.length === 0) throw empty(form);
  return rows;
}

/** Adds `where`, such as 'line 12', to the messages of errors that don't begin with it. */
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

function plainText(form: string): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected a data set of examples, got a file of plain text', {
    hint: `An example is ${form}. Pass a list of them, or a file: JSON Lines (.jsonl), or CSV (.csv) where all fields are texts.`,
  });
}

function tooMuch(most: string, got: number): WebVeraError {
  return new WebVeraError('limit_exceeded', `Expected a data set of at most ${most}, got ${got} or more`, {
    hint: 'Pass a part of the data: what is read is kept in memory for later epochs.',
  });
}
