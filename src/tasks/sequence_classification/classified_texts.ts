import type { Architecture, Head, TextSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import type { ClassifiedBatch } from '../classification/classifier';
import { exportedTarget, targetsOfBatch } from '../classification/row_targets';
import { type PaddedTokens, paddedTokens } from '../texts/padded_tokens';
import type { TextRow } from './text_row';

export interface ClassifiedTexts extends ClassifiedBatch, PaddedTokens {}

interface ClassifiedBatchFormat {
  readonly text: TextSizes;
  readonly reads: Head['reads'];
  /** The largest number of tokens per row. */
  readonly maxLength: number;
  /** Whether the rows have targets. */
  readonly isLabelled: boolean;
}

/** Makes a batch of rows, padded on the right to one length. */
export function textsBatch(
  rows: readonly TextRow[],
  { text, reads, maxLength, isLabelled }: ClassifiedBatchFormat,
): ClassifiedTexts {
  const padded = paddedTokens(rows, maxLength, text);
  const readAt = (row: TextRow): number => (reads === 'last token' ? lastToken(row, text) : 0);
  return {
    ...padded,
    ...targetsOfBatch(rows, isLabelled),
    // A pooled batch has one vector per row.
    rows: Uint32Array.from(rows, (row, b) => (reads === 'pooled tokens' ? b : b * padded.T + readAt(row))),
  };
}

/**
 * Returns the position of the last token whose id isn't `pad_token_id`, as in transformers. If the model has no such id, the mask decides.
 */
function lastToken({ input_ids, attention_mask }: TextRow, { padTokenId }: TextSizes): number {
  const isToken = (_: number, t: number): boolean =>
    padTokenId === undefined ? attention_mask[t] !== 0 : input_ids[t] !== padTokenId;
  return Math.max(0, input_ids.findLastIndex(isToken));
}

interface TextExportFormat {
  readonly text: TextSizes;
  readonly reads: Architecture['head']['reads'];
  readonly labels: Labels;
}

/** Returns a row as transformers' Trainer reads it: an object with arrays, the label, and the weight if it isn't 1. */
export function exportedText(row: TextRow, { text, reads, labels }: TextExportFormat): object {
  const { input_ids, attention_mask, token_type_ids } = row;
  // If the model has no padding token, transformers reads the row's last token, so padding is removed.
  const isCut = reads === 'last token' && text.padTokenId === undefined;
  const end = isCut ? lastToken(row, text) + 1 : input_ids.length;
  return {
    input_ids: [...input_ids.subarray(0, end)],
    attention_mask: [...attention_mask.subarray(0, end)],
    ...(text.typeVocabSize !== undefined && { token_type_ids: [...token_type_ids.subarray(0, end)] }),
    ...exportedTarget(row, labels),
  };
}
