import { WebVeraError } from '../../core/errors/error';
import type { SentExample } from '../../core/types/training';
import type { TextSizes } from '../../models/architecture';

/** A text as tokens. The arrays have the same length. */
export interface TextTokens {
  readonly input_ids: Uint32Array;
  /** 0 for padding. */
  readonly attention_mask: Uint8Array;
  /** The type of each token: usually 0 for the first text and 1 for the second. */
  readonly token_type_ids: Uint8Array;
}

/** The largest number of tokens in a data set. They stay in memory for later epochs, with six to ten bytes per token. */
export const MAX_TOKENS = 2 ** 27;

export type TokenExample = Extract<SentExample, { readonly input_ids: unknown }>;

export interface TokenOptions {
  readonly text: TextSizes;
  /** The largest number of tokens per row. */
  readonly maxLength: number;
  /** The hint in errors: the possible formats of an example. */
  readonly forms: string;
  /** Called for each truncated text. */
  onCut?(): void;
}

/** Checks and truncates an example of token ids. Throws `invalid_argument`. */
export function tokensOfIds(
  example: TokenExample,
  where: string,
  { text, maxLength, forms, onCut }: TokenOptions,
): TextTokens {
  const { input_ids: ids, attention_mask: mask = ids.map(() => 1), token_type_ids: types = ids.map(() => 0) } = example;
  const invalid = (expected: string): WebVeraError =>
    new WebVeraError('invalid_argument', `${where}: expected ${expected}`, { hint: forms });
  if (ids.length === 0) throw invalid('at least one token');
  expectTokens(ids, `${where}: input_ids`, text);
  if (mask.length !== ids.length) throw invalid(`${ids.length} entries in attention_mask, got ${mask.length}`);
  if (types.length !== ids.length) throw invalid(`${ids.length} entries in token_type_ids, got ${types.length}`);
  expectBelow(mask, 2, `${where}: attention_mask`);
  expectBelow(types, text.typeVocabSize ?? 1, `${where}: token_type_ids`);
  if (ids.length > maxLength) onCut?.();
  return {
    input_ids: Uint32Array.from(ids.slice(0, maxLength)),
    attention_mask: Uint8Array.from(mask.slice(0, maxLength)),
    token_type_ids: Uint8Array.from(types.slice(0, maxLength)),
  };
}

/** Returns the tokenizer's token types if the model reads them, otherwise zeros. */
export function tokenTypes(types: readonly number[], where: string, { typeVocabSize }: TextSizes): Uint8Array {
  if (typeVocabSize === undefined) return new Uint8Array(types.length);
  expectBelow(types, typeVocabSize, `${where}: token_type_ids`);
  return Uint8Array.from(types);
}

export function expectBelow(list: readonly number[] | Int32Array, end: number, what: string): void {
  const odd = list.find((entry) => !(Number.isInteger(entry) && entry >= 0 && entry < end));
  if (odd === undefined) return;
  throw new WebVeraError('invalid_argument', `${what}: expected integers from 0 to ${end - 1}, got ${odd}`);
}

/** Throws `invalid_argument` for ids that aren't in the vocabulary. */
export function expectTokens(
  ids: Int32Array | readonly number[],
  what: string,
  { vocabSize }: Pick<TextSizes, 'vocabSize'>,
): void {
  for (const id of ids) {
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue;
    throw new WebVeraError('invalid_argument', `${what}: expected tokens from 0 to ${vocabSize - 1}, got ${id}`);
  }
}
