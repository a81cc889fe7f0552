import type { Preview } from '../../core/types/preview';
import type { SentExample } from '../../core/types/training';
import { previewLabel } from '../classification/example_labels';
import { type TextRowOptions, unlabelledRow } from './text_row';

/** Returns an example, with or without a label, as a text classifier receives it. Throws `invalid_argument`. */
export function previewOfText(example: SentExample, where: string, options: Omit<TextRowOptions, 'onCut'>): Preview {
  let cut = false;
  const onCut = (): void => {
    cut = true;
  };
  const row = unlabelledRow(example, where, { ...options, onCut });
  const { tokenizer, text, labels } = options;
  const input_ids = [...row.input_ids];
  return {
    ...(tokenizer && { tokens: tokenizer.tokens(input_ids) }),
    input_ids,
    attention_mask: [...row.attention_mask],
    ...(text.typeVocabSize !== undefined && { token_type_ids: [...row.token_type_ids] }),
    label: previewLabel(example, labels, where),
    cut,
  };
}
