import type { Architecture, TextSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import { exportedTarget } from '../classification/row_targets';
import { lastToken } from './classified_texts';
import type { TextRow } from './text_row';

interface TextExportFormat {
  readonly text: TextSizes;
  readonly reads: Architecture['head']['reads'];
  readonly labels: Labels;
}

/** A row as transformers' Trainer takes it: an object of arrays, its label, and its weight where it isn't 1. */
export function exportedText(row: TextRow, { text, reads, labels }: TextExportFormat): object {
  const { input_ids, attention_mask, token_type_ids } = row;
  // Without a token of padding transformers reads the last of all.
  const isCut = reads === 'last token' && text.padTokenId === undefined;
  const end = isCut ? lastToken(row, text) + 1 : input_ids.length;
  return {
    input_ids: [...input_ids.subarray(0, end)],
    attention_mask: [...attention_mask.subarray(0, end)],
    ...(text.typeVocabSize !== undefined && { token_type_ids: [...token_type_ids.subarray(0, end)] }),
    ...exportedTarget(row, labels),
  };
}
