import { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { readText } from '../reading/blob_text';
import { placedExamples } from '../reading/placed_examples';
import { recognised } from '../reading/recognised';
import type { RowSource } from '../task/task_data';
import { MAX_TOKENS } from '../texts/text_tokens';
import { packRows, textBlocks } from './blocks';
import { type ExampleOptions, rowOfExample } from './row_of_example';
import { RowSlabs } from './row_slabs';
import { hasTarget, sliceRow, splitRow, type TokenRow } from './token_row';

export interface RowOptions extends Omit<ExampleOptions, 'breather' | 'most'> {
  /** The largest number of tokens per row. */
  readonly maxLength: number;
  /** Whether examples are joined and split into rows of `maxLength` tokens. */
  readonly packing: boolean;
  /** Whether a longer example is truncated (training) or becomes several rows (evaluation). */
  readonly overflow: 'truncate' | 'split';
  /** Whether rows have the weights of their examples. If not, all weights are 1. Default: true. */
  readonly isWeighted?: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface CollectedTokenRows {
  /** The rows that have a token to predict: at least one row. */
  readonly rows: readonly TokenRow[];
  /**
   * The number of examples (or of rows, if examples are packed or split) that are left out, because they are too short or have no label
   * within `maxLength` tokens.
   */
  readonly leftOut: number;
  /** The number of assistant turns that aren't learned, because they can't be located with certainty in the rendered text. */
  readonly uncertain: number;
}

/**
 * Reads a whole data set once, encodes it as tokens, and regularly yields to the event loop. Rejects with `invalid_argument` (naming the
 * example or line), `invalid_format` for broken files, `limit_exceeded` for more than `MAX_TOKENS` tokens, and the reason of `signal`.
 */
export async function collectRows(source: RowSource, options: RowOptions): Promise<CollectedTokenRows> {
  const rows: TokenRow[] = [];
  const slabs = new RowSlabs();
  const breather = new Breather(options.signal);
  let tokens = 0;
  let leftOut = 0;
  let tiny = 0;
  let uncertain = 0;
  const onUncertain = (turns: number): void => {
    uncertain += turns;
  };
  for await (const row of readRows(await recognised(source), { ...options, breather }, onUncertain)) {
    await breather.breathe();
    if (!hasTarget(row)) {
      leftOut++;
      if (row.input_ids.length < LEAST_TOKENS) tiny++;
      continue;
    }
    rows.push(slabs.store(row));
    tokens += row.input_ids.length;
    if (tokens > MAX_TOKENS) throw tooMuch(tokens);
  }
  options.signal?.throwIfAborted();
  if (rows.length === 0) throw nothingToLearn(source, { leftOut, tiny, maxLength: options.maxLength });
  return { rows, leftOut, uncertain };
}

type OnUncertain = (turns: number) => void;

type RowReadOptions = RowOptions & Pick<ExampleOptions, 'breather'>;

async function* readRows(
  source: RowSource,
  options: RowReadOptions,
  onUncertain: OnUncertain,
): AsyncGenerator<TokenRow> {
  const { maxLength, breather } = options;
  if (source.kind === 'blob' && source.format === 'text') {
    const tokenizer = expectTokenizer(options.tokenizer);
    yield* textBlocks(readText(source.blob, source.onRead), { tokenizer, length: maxLength, breather });
    return;
  }
  const isCut = !options.packing && options.overflow === 'truncate';
  const rows = exampleRows(source, { ...options, most: isCut ? maxLength : undefined }, onUncertain);
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

async function* exampleRows(
  source: RowSource,
  options: ExampleOptions & Pick<RowOptions, 'packing' | 'isWeighted'>,
  onUncertain: OnUncertain,
): AsyncGenerator<TokenRow> {
  for await (const { where, example } of placedExamples(source)) {
    const { row, uncertain } = await rowOfExample(example, where, options);
    onUncertain(uncertain);
    const { weight = 1, ...unweighted } = row;
    if (weight !== 1 && options.packing) throw packedWeight(where, weight);
    yield options.isWeighted === false ? unweighted : row;
  }
}

function packedWeight(where: string, weight: number): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected no weight beside packing, got ${weight}`, {
    hint: 'A packed row has tokens of several examples: pass packing: false.',
  });
}

function expectTokenizer(tokenizer: TextTokenizer | undefined): TextTokenizer {
  if (tokenizer !== undefined) return tokenizer;
  throw new WebVeraError('invalid_argument', 'Plain text needs a tokenizer, and the model has none', {
    hint: 'Load the model from a source that holds tokenizer.json, or pass examples of token ids.',
  });
}

/** The number of tokens in the shortest row that has a token to predict. */
const LEAST_TOKENS = 2;

interface LeftOut {
  readonly leftOut: number;
  /** How many of the examples that are left out have fewer than two tokens. */
  readonly tiny: number;
  readonly maxLength: number;
}

function nothingToLearn(source: RowSource, { leftOut, tiny, maxLength }: LeftOut): WebVeraError {
  const refuse = (message: string, hint: string): WebVeraError =>
    new WebVeraError('invalid_argument', message, { hint, detail: { leftOut, maxLength } });
  if (source.kind === 'blob' && source.format === 'text') {
    const got = source.blob.size === 0 ? 'an empty one' : `one of ${source.blob.size} bytes`;
    return refuse(`Expected a text to learn from, got ${got}`, 'A text needs two tokens or more.');
  }
  const expected = 'Expected a data set with at least one example to learn from';
  if (leftOut === 0)
    return refuse(`${expected}, got none`, 'An example is { text }, { prompt, completion } or { messages }.');
  if (tiny === leftOut) {
    return refuse(`${expected}, got ${leftOut} without a text of two tokens`, 'Are the texts empty?');
  }
  return refuse(
    `${expected}, got ${leftOut} without a label to predict within ${maxLength} tokens`,
    'An example needs a token to predict after the first. Is max_length too small, or is every label -100?',
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
