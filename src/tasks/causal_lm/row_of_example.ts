import type { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { PreferenceExample, RatedExample } from '../../core/preferences/preference';
import { isPreferred } from '../../core/preferences/preference_fields';
import { holdsImage } from '../../core/types/example';
import type { Preview } from '../../core/types/preview';
import type { SentExample } from '../../core/types/training';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { placed } from '../reading/placed_examples';
import { expectTokenizer } from '../texts/expect_tokenizer';
import type { TokenExample } from '../texts/text_tokens';
import { IGNORED } from '../texts/token_labels';
import { type ChatRow, chatRow } from './chat_row';
import { completionText, sharedLength } from './prompts';
import { type TokenRow, textRow, weightPart } from './token_row';

export interface ExampleOptions {
  /** Needed for all examples except those with `input_ids`. */
  readonly tokenizer: TextTokenizer | undefined;
  /** The size of the model's vocabulary: ids and labels must be smaller. */
  readonly vocabSize: number;
  /** Whether the loss covers only completions and the assistant's turns. null means true. */
  readonly completionOnly: boolean | null;
  /** Yields to the event loop during long work, and throws if its signal is aborted. */
  readonly breather: Breather;
  /** The largest number of tokens to return, from the beginning of a text. Default: all. */
  readonly most?: number | undefined;
}

/** Any example except a conversation, whose template is rendered in another thread. */
type SimpleExample = Exclude<SentExample, { readonly messages: unknown }>;

/**
 * Encodes an example as tokens. `where` names the example in error messages: 'example 3', 'line 12'. Rejects with `invalid_argument`, and
 * with the errors of `chatRow`.
 */
export async function rowOfExample(example: SentExample, where: string, options: ExampleOptions): Promise<ChatRow> {
  const { row, uncertain } = await unweighted(example, where, options);
  const weight = 'weight' in example ? weightPart(example) : {};
  return { row: { ...row, ...weight }, uncertain };
}

async function unweighted(example: SentExample, where: string, options: ExampleOptions): Promise<ChatRow> {
  if (!('messages' in example)) return { row: await exampleRow(example, where, options), uncertain: 0 };
  const { completionOnly, breather, most } = options;
  const tokenizer = expectTokenizer(options.tokenizer, where, 'input_ids');
  const assistantOnly = completionOnly ?? true;
  return chatRow(example.messages, { tokenizer, assistantOnly, breather, most }).catch((error: unknown) => {
    throw placed(error, where);
  });
}

/** Encodes an example that isn't a conversation. Rejects with `invalid_argument`. */
export async function exampleRow(example: SimpleExample, where: string, options: ExampleOptions): Promise<TokenRow> {
  if (holdsImage(example)) throw invalid(where, 'a text, got an image');
  if (isPreferred(example)) throw preferred(where, example);
  if ('tokens' in example || ('label' in example && example.label !== undefined)) throw labelled(where);
  if ('input_ids' in example) return tokenRow(example, where, options.vocabSize);
  if ('labels' in example) throw labelled(where);
  if ('text_pair' in example) throw invalid(where, 'one text to be continued, got two', TWO_TEXTS);
  const tokenizer = expectTokenizer(options.tokenizer, where, 'input_ids');
  if ('text' in example) return textRow(await tokenizer.encodeGradually(example.text, options));
  return completionRow(tokenizer, example, options);
}

/** As in TRL, the EOS token ends the completion. The prompt's tokens aren't learned, unless `completionOnly` is false. */
async function completionRow(
  tokenizer: TextTokenizer,
  { prompt, completion }: { readonly prompt: string; readonly completion: string },
  options: ExampleOptions,
): Promise<TokenRow> {
  const row = textRow(await tokenizer.encodeGradually(prompt + completionText(tokenizer, completion), options));
  if (options.completionOnly ?? true) {
    // One token may contain the end of the prompt and the beginning of the completion. Such a token is learned.
    const alone = await tokenizer.encodeGradually(prompt, options);
    row.labels.fill(IGNORED, 0, sharedLength(row.input_ids, alone));
  }
  return row;
}

function tokenRow(example: TokenExample, where: string, vocabSize: number): TokenRow {
  const { input_ids: ids, attention_mask: mask = ids.map(() => 1) } = example;
  if (typeof example.labels === 'number') throw labelled(where);
  const labels = (example.labels ?? ids.map((id, t) => (mask[t] === 0 ? IGNORED : id))) as readonly number[];
  expectRange(ids, `${where}: input_ids`, 0, vocabSize - 1, OF_ANOTHER);
  expectRange(mask, `${where}: attention_mask`, 0, 1);
  expectRange(labels, `${where}: labels`, IGNORED, vocabSize - 1, OF_ANOTHER);
  if (mask.length !== ids.length) throw invalid(where, `${ids.length} entries in attention_mask, got ${mask.length}`);
  if (labels.length !== ids.length) throw invalid(where, `${ids.length} entries in labels, got ${labels.length}`);
  const wrong = labels.find((label) => label < 0 && label !== IGNORED);
  if (wrong !== undefined) throw invalid(where, `labels that are token ids or ${IGNORED}, got ${wrong}`);
  return { input_ids: Uint32Array.from(ids), labels: Int32Array.from(labels), attention_mask: Uint8Array.from(mask) };
}

function preferred(where: string, example: PreferenceExample | RatedExample): WebVeraError {
  const [got, trainer] = 'chosen' in example ? ['a pair of texts', 'DPOTrainer'] : ['a rated one', 'KTOTrainer'];
  return new WebVeraError('invalid_argument', `${where}: expected a text to be continued, got ${got}`, {
    hint: `new ${trainer}({ … }) learns from preferences.`,
  });
}

function labelled(where: string): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected a text to be continued, got one with a label`, {
    hint: 'A model from AutoModelForSequenceClassification learns labels.',
  });
}

function expectRange(list: readonly number[], what: string, min: number, max: number, hint?: string): void {
  const odd = list.find((item) => !(Number.isInteger(item) && item >= min && item <= max));
  if (odd !== undefined) throw invalid(what, `integers from ${min} to ${max}, got ${odd}`, hint);
}

const FORMS =
  'An example is { text }, { prompt, completion }, { messages } or { input_ids, labels?, attention_mask? }.';
const TWO_TEXTS =
  'Join them, as { text: text + text_pair }, or pass { prompt, completion } to learn the second one. Classifiers read both.';
const OF_ANOTHER =
  'These ids are from another tokenizer: pass { text }, or ids from await model.tokenizer.encode(text).';

function invalid(where: string, expected: string, hint = FORMS): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected ${expected}`, { hint });
}

/** Returns an example as a language model receives it, truncated to `maxLength` tokens. Rejects as `rowOfExample` does. */
export async function previewOfExample(
  example: SentExample,
  where: string,
  { maxLength, ...options }: ExampleOptions & { readonly maxLength: number },
): Promise<Preview> {
  const { row } = await rowOfExample(example, where, { ...options, most: maxLength + 1 });
  const first = <T extends { slice(start: number, end: number): Iterable<number> }>(list: T): number[] => [
    ...list.slice(0, maxLength),
  ];
  const input_ids = first(row.input_ids);
  return {
    ...(options.tokenizer && { tokens: options.tokenizer.tokens(input_ids) }),
    input_ids,
    attention_mask: first(row.attention_mask),
    labels: first(row.labels),
    label: null,
    cut: row.input_ids.length > maxLength,
  };
}
