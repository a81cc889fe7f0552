import { WebVeraError } from '../../core/error';
import type { Warning } from '../../core/warning';
import { Breather } from '../breather';
import { expectClassifiable, rowWeights } from '../classification/arguments';
import { checkClasses } from '../classification/labels';
import { placed, placedExamples } from '../placed_examples';
import type { CollectedRows, CollectOptions, RowSource } from '../task';
import { type TextRow, type TextRowOptions, textRow } from './rows';

/** Tokens that are kept in memory for later epochs, at six bytes each. */
const MAX_TOKENS = 2 ** 27;

/**
 * Reads a data set of texts with labels to its end. Throws `invalid_argument` (naming the example or line), also for data of one
 * class in training, `invalid_format` for broken JSON, `limit_exceeded`, and what `signal` is aborted with.
 */
export async function collectTexts(
  source: RowSource,
  { args, purpose, signal }: CollectOptions,
  options: Omit<TextRowOptions, 'onCut'>,
): Promise<CollectedRows<TextRow>> {
  expectClassifiable(args, options.labels);
  if (source.kind === 'blob' && source.format === 'text') throw plainText();
  const rows: TextRow[] = [];
  const breather = new Breather(signal);
  let tokens = 0;
  let cut = 0;
  const onCut = (): void => {
    cut++;
  };
  for await (const { where, example } of placedExamples(source)) {
    await breather.breathe();
    const row = rowAt(where, () => textRow(example, where, { ...options, onCut }));
    rows.push(row);
    tokens += row.input_ids.length;
    if (tokens > MAX_TOKENS) throw tooMuch(tokens);
  }
  signal.throwIfAborted();
  if (rows.length === 0) throw empty();
  const cutOff = cut === 0 ? [] : [cutWarning(cut, rows.length, options.maxLength)];
  if (purpose === 'evaluation') return { rows, warnings: cutOff };
  const targets = rows.map(({ target }) => target);
  const weights = rowWeights(targets, args.classWeights, options.labels);
  const weighted = rows.map((row, index) => ({ ...row, weight: weights[index] ?? 1 }));
  return { rows: weighted, warnings: [...checkClasses(targets, options.labels), ...cutOff] };
}

/** A tokenizer's errors don't say which text they are about. */
function rowAt(where: string, make: () => TextRow): TextRow {
  try {
    return make();
  } catch (error) {
    throw error instanceof WebVeraError && error.message.startsWith(where) ? error : placed(error, where);
  }
}

function cutWarning(cut: number, of: number, maxLength: number): Warning {
  const message = `${cut} of ${of} texts are longer than ${maxLength} tokens, and their ends are left out. max_length says how long they may be, as far as the model allows`;
  return { code: 'texts_cut', message };
}

function empty(): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected a data set with at least one example, got none', {
    hint: "An example is { text: 'see you at noon', label: 'ham' }.",
  });
}

function plainText(): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected examples with labels, got a file of plain text', {
    hint: 'Pass a JSON Lines file (.jsonl) of { "text": …, "label": … }, or a list of such examples.',
  });
}

function tooMuch(tokens: number): WebVeraError {
  return new WebVeraError(
    'limit_exceeded',
    `Expected a data set of at most ${MAX_TOKENS} tokens, got ${tokens} or more`,
    {
      hint: 'Pass a part of the data: what is read is kept in memory for later epochs.',
    },
  );
}
