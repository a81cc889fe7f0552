import { WebVeraError } from '../../core/errors/error';
import type { SentExample } from '../../core/types/training';
import type { TextSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { labelOf, targetsOf } from '../classification/labels';
import type { RowTarget } from '../classification/targets';
import { expectTokens } from '../texts/tokens';

/** A text as tokens. The arrays are of one length. */
interface TextTokens {
  readonly input_ids: Uint32Array;
  /** 0 for padding. */
  readonly attention_mask: Uint8Array;
  /** The number of each token's text: 0 or 1. */
  readonly token_type_ids: Uint8Array;
}

/** A text and its targets. */
export interface TextRow extends TextTokens, RowTarget {}

export interface TextRowOptions {
  readonly tokenizer: TextTokenizer | undefined;
  readonly text: TextSizes;
  readonly labels: Labels;
  /** Tokens per row. */
  readonly maxLength: number;
  /** Called for a text that is cut. */
  onCut(): void;
}

type TokenExample = Extract<SentExample, { readonly input_ids: unknown }>;

const FORMS =
  'An example is { text, label }, { text, text_pair, label } or { input_ids, label, attention_mask?, token_type_ids? }, with labels in place of label where a model tells several.';

/** An example as a row. `where` names it in messages. Throws `invalid_argument`. */
export function textRow(example: SentExample, where: string, options: TextRowOptions): TextRow {
  const label = labelOf(example, options.labels);
  if (label === undefined) throw invalid(where, 'a label for the whole text');
  return { ...unlabelledRow(example, where, options), targets: targetsOf(label, options.labels, where), weight: 1 };
}

/** An example, with or without a label, as tokens. Throws `invalid_argument`. */
export function unlabelledRow(
  example: SentExample,
  where: string,
  options: Omit<TextRowOptions, 'labels'>,
): TextTokens {
  if ('input_ids' in example) return tokenRow(example, where, options);
  if (!('text' in example)) throw invalid(where, 'a text');
  const { tokenizer, text, maxLength, onCut } = options;
  if (tokenizer === undefined) throw noTokenizer(where);
  const { input_ids, token_type_ids, cut } = tokenizer.encodePair(example.text, example.text_pair, { maxLength });
  if (input_ids.length === 0) throw invalid(where, 'a text with at least one token');
  if (cut) onCut();
  return {
    input_ids: Uint32Array.from(input_ids),
    attention_mask: new Uint8Array(input_ids.length).fill(1),
    token_type_ids: typesFor(text, token_type_ids, where),
  };
}

/** The tokenizer's token types, if the model takes them in; else zeros. */
function typesFor({ typeVocabSize }: TextSizes, types: readonly number[], where: string): Uint8Array {
  if (typeVocabSize === undefined) return new Uint8Array(types.length);
  expectBelow(types, typeVocabSize, `${where}: token_type_ids`);
  return Uint8Array.from(types);
}

function tokenRow(
  example: TokenExample,
  where: string,
  { text, maxLength, onCut }: Omit<TextRowOptions, 'labels'>,
): TextTokens {
  const { input_ids: ids, attention_mask: mask = ids.map(() => 1), token_type_ids: types = ids.map(() => 0) } = example;
  if (ids.length === 0) throw invalid(where, 'at least one token');
  expectTokens(ids, `${where}: input_ids`, text);
  if (mask.length !== ids.length) throw invalid(where, `${ids.length} entries in attention_mask, got ${mask.length}`);
  if (types.length !== ids.length) throw invalid(where, `${ids.length} entries in token_type_ids, got ${types.length}`);
  expectBelow(mask, 2, `${where}: attention_mask`);
  expectBelow(types, text.typeVocabSize ?? 1, `${where}: token_type_ids`);
  if (ids.length > maxLength) onCut();
  return {
    input_ids: Uint32Array.from(ids.slice(0, maxLength)),
    attention_mask: Uint8Array.from(mask.slice(0, maxLength)),
    token_type_ids: Uint8Array.from(types.slice(0, maxLength)),
  };
}

export function expectBelow(list: readonly number[] | Int32Array, end: number, what: string): void {
  const odd = list.find((entry) => !(Number.isInteger(entry) && entry >= 0 && entry < end));
  if (odd === undefined) return;
  throw new WebVeraError('invalid_argument', `${what}: expected integers from 0 to ${end - 1}, got ${odd}`);
}

function noTokenizer(where: string): WebVeraError {
  return new WebVeraError(
    'invalid_argument',
    `${where}: expected { input_ids, label }, because the model has no tokenizer`,
    {
      hint: 'Load the model from a source that holds tokenizer.json, or pass token ids.',
    },
  );
}

function invalid(where: string, expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected ${expected}`, { hint: FORMS });
}
