import { WebVeraError } from '../../core/error';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { readJsonLines, readText } from '../blob_text';
import { Breather } from '../breather';
import type { RowSource } from '../task';
import { packRows, textBlocks } from './blocks';
import { type ExampleOptions, tokenizeExample } from './examples';
import { hasTarget, sliceRow, splitRow, type TokenRow } from './token_row';

/** Tokens that are kept in memory for later epochs, at nine bytes each. */
const MAX_TOKENS = 2 ** 27;

export interface RowOptions extends ExampleOptions {
  /** Tokens per row. */
  readonly maxLength: number;
  /** Joins examples and cuts them into rows of `maxLength`. */
  readonly packing: boolean;
  /** What becomes of a longer example: its start is kept (training), or all of it in several rows (evaluation). */
  readonly overflow: 'truncate' | 'split';
  readonly signal?: AbortSignal | undefined;
}

interface CollectedRows {
  /** At least one. */
  readonly rows: readonly TokenRow[];
  /** Examples left out because nothing could be learned from them: too short, or no label within `maxLength`. */
  readonly leftOut: number;
}

/**
 * Reads a data set to its end, once, as tokens. Gives way to other work now and then.
 * Throws `invalid_argument` (naming the example or line), `invalid_format` for broken JSON, `limit_exceeded` for more
 * tokens than memory should hold, and what `signal` is aborted with.
 */
export async function collectRows(source: RowSource, options: RowOptions): Promise<CollectedRows> {
  const rows: TokenRow[] = [];
  const breather = new Breather(options.signal);
  let tokens = 0;
  let leftOut = 0;
  for await (const row of readRows(source, options)) {
    await breather.breathe();
    if (!hasTarget(row)) {
      leftOut++;
      continue;
    }
    rows.push(row);
    tokens += row.input_ids.length;
    if (tokens > MAX_TOKENS) throw tooMuch(tokens);
  }
  options.signal?.throwIfAborted();
  if (rows.length === 0) throw nothingToLearn(leftOut, options.maxLength);
  return { rows, leftOut };
}

async function* readRows(source: RowSource, options: RowOptions): AsyncGenerator<TokenRow> {
  const { maxLength } = options;
  if (source.kind === 'blob' && source.format === 'text') {
    yield* textBlocks(readText(source.blob), expectTokenizer(options.tokenizer), maxLength);
    return;
  }
  const rows = exampleRows(source, options);
  if (options.packing) {
    yield* packRows(rows, maxLength, options.tokenizer?.eos_token_id ?? null);
    return;
  }
  for await (const row of rows) {
    if (row.input_ids.length <= maxLength) yield row;
    else if (options.overflow === 'truncate') yield sliceRow(row, 0, maxLength);
    else yield* splitRow(row, maxLength);
  }
}

async function* exampleRows(source: RowSource, options: ExampleOptions): AsyncGenerator<TokenRow> {
  if (source.kind === 'blob') {
    for await (const { line, value } of readJsonLines(source.blob)) {
      yield tokenizeExample(value, `line ${line}`, options);
    }
    return;
  }
  let index = 0;
  for await (const example of source.examples) yield tokenizeExample(example, `example ${index++}`, options);
}

function expectTokenizer(tokenizer: TextTokenizer | undefined): TextTokenizer {
  if (tokenizer !== undefined) return tokenizer;
  throw new WebVeraError('invalid_argument', 'Plain text needs a tokenizer, and the model has none', {
    hint: 'Load the model from a source that holds tokenizer.json, or pass examples of token ids.',
  });
}

function nothingToLearn(leftOut: number, maxLength: number): WebVeraError {
  const found = leftOut === 0 ? 'none' : `${leftOut} without a label to predict within ${maxLength} tokens`;
  return new WebVeraError(
    'invalid_argument',
    `Expected a data set with at least one example to learn from, got ${found}`,
    {
      hint: 'An example needs two tokens or more, one of them labelled after the first. Is max_length too small?',
      detail: { leftOut, maxLength },
    },
  );
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
