import { bucketLength } from '../../core/numbers/bucket';
import type { Architecture, TextSizes } from '../../models/architecture';
import type { ClassifiedBatch } from '../classification/classifier';
import { targetsOfBatch } from '../classification/targets';
import type { TextRow } from './rows';

/** Texts on the way to the device. N = B·T. */
export interface ClassifiedTexts extends ClassifiedBatch {
  /** (N) */
  readonly input_ids: Uint32Array<ArrayBuffer>;
  /** (N): 0 for padding. */
  readonly attention_mask: Uint32Array<ArrayBuffer>;
  /** (N) */
  readonly token_type_ids: Uint32Array<ArrayBuffer>;
}

/** Tokens of the shortest batches. Texts are often a single line, which longer batches would mostly pad. */
const SMALLEST = 16;

interface BatchFormat {
  readonly text: TextSizes;
  readonly reads: Architecture['head']['reads'];
  /** The most tokens of a row. */
  readonly maxLength: number;
  /** Whether the rows have targets. */
  readonly isLabelled: boolean;
}

/** Pads rows on the right to one length. */
export function textsBatch(
  rows: readonly TextRow[],
  { text, reads, maxLength, isLabelled }: BatchFormat,
): ClassifiedTexts {
  const B = rows.length;
  const T = bucketLength(Math.max(...rows.map((row) => row.input_ids.length)), maxLength, SMALLEST);
  const batch = {
    B,
    T,
    ...targetsOfBatch(rows, isLabelled),
    input_ids: new Uint32Array(B * T).fill(text.padTokenId ?? text.eosTokenIds[0] ?? 0),
    attention_mask: new Uint32Array(B * T),
    token_type_ids: new Uint32Array(B * T),
    rows: Uint32Array.from(rows, (row, b) => b * T + (reads === 'last token' ? lastToken(row, text) : 0)),
  };
  for (const [b, row] of rows.entries()) {
    batch.input_ids.set(row.input_ids, b * T);
    batch.attention_mask.set(row.attention_mask, b * T);
    batch.token_type_ids.set(row.token_type_ids, b * T);
  }
  return batch;
}

/** The position of the last token whose id isn't `pad_token_id`, as in transformers; of a model without that id, by the mask. */
export function lastToken({ input_ids, attention_mask }: TextRow, { padTokenId }: TextSizes): number {
  const isToken = (_: number, t: number): boolean =>
    padTokenId === undefined ? attention_mask[t] !== 0 : input_ids[t] !== padTokenId;
  return Math.max(0, input_ids.findLastIndex(isToken));
}
