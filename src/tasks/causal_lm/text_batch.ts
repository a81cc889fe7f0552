import { bucketLength } from '../../core/numbers/bucket';
import type { TextSizes } from '../../models/architecture';
import type { Batch } from '../task/task_batches';
import { IGNORED } from '../texts/token_labels';
import type { LabelledTokens } from '../texts/token_task';
import type { TokenRow } from './token_row';

/** A batch of tokenized texts. Each array has N = B·T entries. */
export interface TextBatch extends Batch, LabelledTokens {
  readonly input_ids: Uint32Array<ArrayBuffer>;
  /** 0 for padding. All other values number documents: a new document begins where the value changes within a row. */
  readonly attention_mask: Uint32Array<ArrayBuffer>;
  /** The loss weight of each entry of `rows`, if the batch is weighted. */
  readonly weights?: Float32Array<ArrayBuffer>;
}

type PadIds = Pick<TextSizes, 'padTokenId' | 'eosTokenIds'>;

/** Makes a batch of rows of at most `maxLength` tokens, padded on the right to one length. */
export function makeBatch(
  rows: readonly TokenRow[],
  maxLength: number,
  { padTokenId, eosTokenIds }: PadIds,
): TextBatch {
  const B = rows.length;
  const longest = Math.max(...rows.map((row) => row.input_ids.length));
  const T = bucketLength(longest, maxLength);
  // The mask hides padding, so any id of the vocabulary will do.
  const input_ids = new Uint32Array(B * T).fill(padTokenId ?? eosTokenIds[0] ?? 0);
  const attention_mask = new Uint32Array(B * T);
  const labels = new Int32Array(B * T).fill(IGNORED);
  for (const [b, row] of rows.entries()) {
    input_ids.set(row.input_ids, b * T);
    attention_mask.set(row.attention_mask, b * T);
    labels.set(row.labels, b * T);
  }
  const batch = { B, T, input_ids, attention_mask, ...labelledRows(labels, B, T) };
  if (rows.every(({ weight = 1 }) => weight === 1)) return batch;
  const weights = Float32Array.from(batch.rows, (n) => rows[Math.floor(n / T)]?.weight ?? 1);
  return { ...batch, isWeighted: true, weights };
}

/**
 * Returns the positions whose next token has a label, and these labels. `labels`: (B, T), −100 for no label. A label at a row's first token
 * isn't learned, because no position precedes it.
 */
export function labelledRows(labels: ArrayLike<number>, B: number, T: number): LabelledTokens {
  const rows = new Uint32Array(B * T);
  const targets = new Uint32Array(B * T);
  let labelled = 0;
  for (let b = 0; b < B; b++) {
    for (let n = b * T; n < (b + 1) * T - 1; n++) {
      const label = labels[n + 1] ?? IGNORED;
      if (label === IGNORED) continue;
      rows[labelled] = n;
      targets[labelled] = label;
      labelled++;
    }
  }
  return { rows, targets, labelled };
}
