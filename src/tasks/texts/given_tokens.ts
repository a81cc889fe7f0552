import { WebVeraError } from '../../core/errors/error';
import type { GivenTexts, IdTensor } from '../../core/types/tensor';
import type { TextSizes } from '../../models/architecture';
import { expectBelow, expectTokens, type TextTokens } from './text_tokens';

/** Returns the texts passed to `forward` as rows. Throws `invalid_argument` for ids, masks and token types that don't fit the model. */
export function givenTokens(inputs: GivenTexts, text: TextSizes): readonly TextTokens[] {
  const { input_ids, attention_mask, token_type_ids } = inputs;
  const [B, T] = input_ids.dims;
  if (T > text.maxLength) {
    throw new WebVeraError('invalid_argument', `input_ids: expected at most ${text.maxLength} tokens a row, got ${T}`);
  }
  expectTokens(input_ids.data, 'input_ids', text);
  if (attention_mask !== undefined) expectBelow(attention_mask.data, 2, 'attention_mask');
  if (token_type_ids !== undefined) expectBelow(token_type_ids.data, text.typeVocabSize ?? 1, 'token_type_ids');
  const rowOf = (tensor: IdTensor, row: number) => tensor.data.subarray(row * T, (row + 1) * T);
  return Array.from({ length: B }, (_, row) => ({
    input_ids: Uint32Array.from(rowOf(input_ids, row)),
    attention_mask: attention_mask ? Uint8Array.from(rowOf(attention_mask, row)) : new Uint8Array(T).fill(1),
    token_type_ids: token_type_ids ? Uint8Array.from(rowOf(token_type_ids, row)) : new Uint8Array(T),
  }));
}
