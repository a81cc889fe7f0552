import { WebVeraError } from '../../core/errors/error';
import { bucketLength } from '../../core/numbers/bucket';
import type { GivenTexts, IdTensor } from '../../core/types/tensor';
import type { TextSizes } from '../../models/architecture';
import { expectTokens } from '../texts/text_tokens';
import { IGNORED, tokenLabels } from '../texts/token_labels';
import { labelledRows, type TextBatch } from './text_batch';

/**
 * Makes a batch of the inputs of `forward`, with T padded to a bucket length. Throws `invalid_argument` for inputs that don't fit the
 * model.
 */
export function batchOfInputs({ input_ids, attention_mask, labels: given }: GivenTexts, text: TextSizes): TextBatch {
  const [B, length] = input_ids.dims;
  const { maxLength } = text;
  if (length > maxLength) {
    throw new WebVeraError('invalid_argument', `input_ids: expected at most ${maxLength} tokens a row, got ${length}`);
  }
  const labels = given === undefined ? undefined : tokenLabels(given, input_ids);
  const T = bucketLength(length, maxLength);
  expectTokens(input_ids.data, 'input_ids', text);
  expectTokens(labels?.data.filter((label) => label !== IGNORED) ?? [], 'labels', text);
  const bit = attention_mask?.data.find((value) => value !== 0 && value !== 1);
  if (bit !== undefined) throw new WebVeraError('invalid_argument', `attention_mask: expected 0 or 1, got ${bit}`);
  const padded = (tensor: IdTensor | undefined, given: number, padding: number): Int32Array => {
    const data = new Int32Array(B * T).fill(padding);
    for (let n = 0; n < B * length; n++) {
      data[Math.floor(n / length) * T + (n % length)] = tensor === undefined ? given : (tensor.data[n] ?? padding);
    }
    return data;
  };
  return {
    B,
    T,
    input_ids: Uint32Array.from(padded(input_ids, 0, 0)),
    attention_mask: Uint32Array.from(padded(attention_mask, 1, 0)),
    ...labelledRows(padded(labels, IGNORED, IGNORED), B, T),
  };
}
