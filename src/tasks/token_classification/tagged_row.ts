import { WebVeraError } from '../../core/errors/error';
import type { Preview } from '../../core/types/preview';
import type { GivenTexts } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { TextSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { classAt, targetOf } from '../classification/example_labels';
import { expectUnweighted } from '../classification/row_targets';
import type { Batch } from '../task/task_batches';
import { expectTokenizer } from '../texts/expect_tokenizer';
import { givenTokens } from '../texts/given_tokens';
import { type PaddedTokens, paddedTokens } from '../texts/padded_tokens';
import { type TextTokens, tokensOfIds } from '../texts/text_tokens';
import { IGNORED, tokenLabels } from '../texts/token_labels';
import type { LabelledTokens } from '../texts/token_task';

/** A text with a label for each token. */
export interface TaggedRow extends TextTokens {
  /** The index of each token's label; −100 for a token that has none. */
  readonly labels: Int32Array;
}

export interface TaggedRowOptions {
  /** Needed for examples with words instead of token ids. */
  readonly tokenizer: TextTokenizer | undefined;
  readonly text: TextSizes;
  readonly labels: Labels;
  /** The largest number of tokens per row. */
  readonly maxLength: number;
  /** Called for each truncated text. */
  onCut?(): void;
}

export const FORM =
  "{ tokens: ['Ada', 'sings'], labels: ['B-PER', 'O'] } or { input_ids, labels, attention_mask?, token_type_ids? }";

/** Makes a row of an example. `where` names the example in error messages. Throws `invalid_argument`. */
export function taggedRow(example: SentExample, where: string, options: TaggedRowOptions): TaggedRow {
  const forms = `An example is ${FORM}, with a label for each: a name, its number, or ${IGNORED} for none.`;
  const invalid = (expected: string): WebVeraError =>
    new WebVeraError('invalid_argument', `${where}: expected ${expected}`, { hint: forms });
  if (!('tokens' in example || 'input_ids' in example)) throw invalid('words or token ids, each with a label');
  expectUnweighted(example, where);
  const { labels } = example;
  if (typeof labels !== 'object') throw invalid('a label for each token');
  const { length } = 'tokens' in example ? example.tokens : example.input_ids;
  if (labels.length !== length) throw invalid(`${length} entries in labels, got ${labels.length}`);
  const numbers = numbersOf<number | string>([...labels], (label, t) =>
    targetOf(label, options.labels, `${where}: labels[${t}]`),
  );
  if ('tokens' in example) return rowOfWords(example.tokens, numbers, where, options);
  const tokens = tokensOfIds(example, where, { ...options, forms });
  return { ...tokens, labels: numbers.subarray(0, tokens.input_ids.length) };
}

/**
 * Encodes each word alone, as after a space in a text. transformers does the same with `is_split_into_words` and, for tokenizers that mark
 * spaces, `add_prefix_space=True`. The first token of a word has the word's label. The word's other tokens have no label.
 */
function rowOfWords(
  words: readonly string[],
  numbers: Int32Array,
  where: string,
  { maxLength, onCut, ...options }: TaggedRowOptions,
): TaggedRow {
  const tokenizer = expectTokenizer(options.tokenizer, where, 'input_ids, labels');
  const { before, after } = tokenizer.specialTokens;
  const most = Math.max(0, maxLength - before.length - after.length);
  const space = tokenizer.beforeWord();
  const spaced = words.map((word) => (word === '' || word.startsWith(' ') ? word : space + word));
  const pieces = spaced.map((word) => tokenizer.encode(word, { add_special_tokens: false }));
  const ids = pieces.flat();
  if (ids.length > most) onCut?.();
  const labels = pieces.flatMap((piece, word) => piece.map((_, t) => (t === 0 ? (numbers[word] ?? IGNORED) : IGNORED)));
  const row = [...before, ...ids.slice(0, most), ...after];
  const own = new Int32Array(row.length).fill(IGNORED);
  own.set(labels.slice(0, most), before.length);
  return {
    input_ids: Uint32Array.from(row),
    attention_mask: new Uint8Array(row.length).fill(1),
    token_type_ids: new Uint8Array(row.length),
    labels: own,
  };
}

/** Returns the inputs of `forward` as rows. Throws `invalid_argument` for ids, masks and labels that don't fit the model. */
export function givenRows(inputs: GivenTexts, text: TextSizes, labels: Labels): readonly TaggedRow[] {
  const { input_ids, labels: given } = inputs;
  const [B, T] = input_ids.dims;
  const numbers =
    given === undefined
      ? new Int32Array(B * T).fill(IGNORED)
      : numbersOf([...tokenLabels(given, input_ids).data], (index, t) =>
          classAt(index, labels, `inputs: labels[${t}]`),
        );
  return givenTokens(inputs, text).map((tokens, row) => ({
    ...tokens,
    labels: numbers.subarray(row * T, (row + 1) * T),
  }));
}

/** Returns the index of each label, which `find` determines from the label and its position t. */
function numbersOf<Label extends number | string>(
  given: readonly Label[],
  find: (label: Label, t: number) => number,
): Int32Array {
  const known = new Map<number | string, number>([[IGNORED, IGNORED]]);
  return Int32Array.from(given, (label, t) => {
    const number = known.get(label) ?? find(label, t);
    known.set(label, number);
    return number;
  });
}

/**
 * Returns the tokens and labels of an example as the model receives them, truncated if it is too long. Throws `invalid_argument` for an
 * invalid example.
 */
export function previewOfTags(example: SentExample, where: string, options: TaggedRowOptions): Preview {
  let cut = false;
  const onCut = (): void => {
    cut = true;
  };
  const row = taggedRow(example, where, { ...options, onCut });
  const { tokenizer, text } = options;
  const input_ids = [...row.input_ids];
  return {
    ...(tokenizer && { tokens: tokenizer.tokens(input_ids) }),
    input_ids,
    attention_mask: [...row.attention_mask],
    ...(text.typeVocabSize !== undefined && { token_type_ids: [...row.token_type_ids] }),
    labels: [...row.labels],
    label: null,
    cut,
  };
}

export interface TaggedBatch extends Batch, PaddedTokens, LabelledTokens {}

/** Makes a batch of rows, padded on the right to one length. Padding has no labels. */
export function taggedBatch(rows: readonly TaggedRow[], maxLength: number, text: TextSizes): TaggedBatch {
  const padded = paddedTokens(rows, maxLength, text);
  const { B, T } = padded;
  const [places, targets] = [new Uint32Array(B * T), new Uint32Array(B * T)];
  let labelled = 0;
  for (const [b, { labels }] of rows.entries()) {
    for (const [t, label] of labels.entries()) {
      if (label === IGNORED) continue;
      places[labelled] = b * T + t;
      targets[labelled] = label;
      labelled++;
    }
  }
  return { ...padded, labelled, rows: places, targets };
}
