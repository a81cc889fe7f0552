import { WebVeraError } from '../../core/errors/error';
import { isJsonObject } from '../../core/input/fields';
import { exampleFields } from '../../core/types/example';
import type { SentExample } from '../../core/types/training';
import type { RowSource } from '../task/task_data';
import { readJsonLines } from './blob_text';
import { csvCode } from './late_csv';

/** An example and its place in the data set, such as 'example 3' or 'line 12'. */
interface PlacedExample {
  readonly where: string;
  readonly example: SentExample;
}

/**
 * Yields the examples of a data set, after all checks that need no model. Throws `invalid_argument`, and `invalid_format` for broken files.
 */
export async function* placedExamples(source: RowSource): AsyncGenerator<PlacedExample> {
  for await (const { where, given } of givenExamples(source)) yield { where, example: exampleFields(where, given) };
}

async function* givenExamples(source: RowSource): AsyncGenerator<{ readonly where: string; readonly given: unknown }> {
  const { onRead } = source;
  if (source.kind === 'blob') {
    const isCsv = source.format === 'csv';
    const rows = isCsv ? (await csvCode()).readCsv(source.blob, onRead) : readJsonLines(source.blob, onRead);
    for await (const { line, value } of rows) yield { where: `line ${line}`, given: isCsv ? typed(value) : value };
    return;
  }
  let index = 0;
  for await (const given of source.examples) {
    onRead?.(1);
    yield { where: `example ${index++}`, given };
  }
}

/**
 * Converts fields of a CSV row, all of which are strings: the weight to a number, and `truncated` and the label of a rating to booleans.
 * An empty weight and an empty `truncated` count as missing.
 */
function typed(row: unknown): unknown {
  if (!isJsonObject(row)) return row;
  const flags = 'prompt' in row ? ['truncated', ...('completion' in row ? ['label'] : [])] : [];
  const cells = Object.entries(row).map(([name, cell]) => {
    if (name === 'weight') return [name, numberIn(cell)];
    return [name, flags.includes(name) ? booleanIn(cell) : cell];
  });
  return Object.fromEntries(cells);
}

function numberIn(cell: unknown): unknown {
  if (typeof cell !== 'string' || Number.isNaN(Number(cell))) return cell;
  return cell.trim() === '' ? undefined : Number(cell);
}

function booleanIn(cell: unknown): unknown {
  if (typeof cell !== 'string') return cell;
  const word = cell.trim().toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  return word === '' ? undefined : cell;
}

/** Returns the error with `where`, such as 'line 12', at the beginning of its message. */
export function placed(error: unknown, where: string): unknown {
  if (!(error instanceof WebVeraError)) return error;
  return new WebVeraError(error.code, `${where}: ${error.message}`, error);
}
