import { bucketLength } from '../../core/numbers/bucket';
import type { TextSizes } from '../../models/architecture';
import type { BatchShape } from '../task/task_batches';
import type { TextTokens } from './text_tokens';

/** A batch of texts for the device. N = B·T. */
export interface PaddedTokens extends BatchShape {
  /** (N) */
  readonly input_ids: Uint32Array<ArrayBuffer>;
  /** (N): 0 for padding. */
  readonly attention_mask: Uint32Array<ArrayBuffer>;
  /** (N) */
  readonly token_type_ids: Uint32Array<ArrayBuffer>;
}

/** Pads rows on the right to one length, of at most `maxLength` tokens. */
export function paddedTokens(rows: readonly TextTokens[], maxLength: number, text: TextSizes): PaddedTokens {
  const B = rows.length;
  const T = bucketLength(Math.max(...rows.map((row) => row.input_ids.length)), maxLength);
  const padded = {
    B,
    T,
    input_ids: new Uint32Array(B * T).fill(text.padTokenId ?? text.eosTokenIds[0] ?? 0),
    attention_mask: new Uint32Array(B * T),
    token_type_ids: new Uint32Array(B * T),
  };
  for (const [b, row] of rows.entries()) {
    padded.input_ids.set(row.input_ids, b * T);
    padded.attention_mask.set(row.attention_mask, b * T);
    padded.token_type_ids.set(row.token_type_ids, b * T);
  }
  return padded;
}
