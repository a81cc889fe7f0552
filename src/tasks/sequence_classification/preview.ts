import type { Preview } from '../../core/preview';
import type { Example } from '../../core/training';
import { targetOf } from '../classification/labels';
import { labelOf, type TextRowOptions, unlabelledRow } from './rows';

/** An example as a classifier takes it in, whether or not it has a label. Throws `invalid_argument`. */
export function previewOfText(example: Example, where: string, options: Omit<TextRowOptions, 'onCut'>): Preview {
  let cut = false;
  const onCut = (): void => {
    cut = true;
  };
  const row = unlabelledRow(example, where, { ...options, onCut });
  const { tokenizer, text, labels } = options;
  const input_ids = [...row.input_ids];
  const label = labelOf(example);
  const target = label === undefined ? null : targetOf(label, labels, where);
  return {
    ...(tokenizer && { tokens: tokenizer.tokens(input_ids) }),
    input_ids,
    attention_mask: [...row.attention_mask],
    ...(text.typeVocabSize !== undefined && { token_type_ids: [...row.token_type_ids] }),
    label:
      target === null || labels.problem === 'regression' ? target : { id: target, name: labels.names[target] ?? '' },
    cut,
  };
}
