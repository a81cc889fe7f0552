import { WebVeraError } from '../../core/errors/error';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { type TextTokens, type TokenOptions, tokenTypes } from './text_tokens';

export interface GivenText {
  readonly text: string;
  readonly text_pair?: string | undefined;
}

interface TextEncoding extends TokenOptions {
  readonly tokenizer: TextTokenizer;
}

/** Encodes one or two texts, with special tokens. Throws `invalid_argument` for a text without any token. */
export function encodedText(
  { text, text_pair }: GivenText,
  where: string,
  { tokenizer, text: sizes, maxLength, forms, onCut }: TextEncoding,
): TextTokens {
  const { input_ids, token_type_ids, cut } = tokenizer.encodePair(text, text_pair, { maxLength });
  if (input_ids.length === 0) {
    throw new WebVeraError('invalid_argument', `${where}: expected a text with at least one token`, { hint: forms });
  }
  if (cut) onCut?.();
  return {
    input_ids: Uint32Array.from(input_ids),
    attention_mask: new Uint8Array(input_ids.length).fill(1),
    token_type_ids: tokenTypes(token_type_ids, where, sizes),
  };
}
