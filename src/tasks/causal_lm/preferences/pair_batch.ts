import { bucketLength } from '../../../core/numbers/bucket';
import { IGNORED } from '../../texts/token_labels';
import { labelledRows, type TextBatch } from '../text_batch';
import type { PairRow } from './pair_row';

/** P pairs of sequences as B = 2P rows: all first sequences, then all second ones in the same order. */
export interface PairBatch extends TextBatch {
  readonly pairs: readonly PairRow[];
  /** (B, 2): the index of each sequence's first entry in the labelled `rows`, and the index after its last entry. */
  readonly sequences: Uint32Array<ArrayBuffer>;
  readonly terms: number;
}

interface PairBatchFormat {
  /** The largest number of tokens per sequence. */
  readonly maxLength: number;
  /** The token id for padding. */
  readonly padId: number;
}

/** Makes a batch of pairs, with the sequences padded on the right to one length. */
export function pairBatch(pairs: readonly PairRow[], { maxLength, padId }: PairBatchFormat): PairBatch {
  const P = pairs.length;
  const B = 2 * P;
  const T = bucketLength(Math.max(...pairs.map(lengthOf)), maxLength);
  const input_ids = new Uint32Array(B * T).fill(padId);
  const attention_mask = new Uint32Array(B * T);
  const labels = new Int32Array(B * T).fill(IGNORED);
  for (let b = 0; b < B; b++) {
    const row = pairs[b % P];
    if (row === undefined) continue;
    const length = lengthOf(row);
    const [start, end] = b < P ? [0, length] : [length, 2 * length];
    attention_mask.set(row.attention_mask.subarray(start, end), b * T);
    labels.set(row.labels.subarray(start, end), b * T);
    const tokens = row.attention_mask.subarray(start, end).lastIndexOf(1) + 1;
    input_ids.set(row.input_ids.subarray(start, start + tokens), b * T);
  }
  const labelled = labelledRows(labels, B, T);
  return { B, T, input_ids, attention_mask, ...labelled, pairs, sequences: rangesOf(labelled, B, T), terms: P };
}

/** Returns the number of tokens in each sequence of a row, padding included. */
export function lengthOf({ input_ids }: PairRow): number {
  return input_ids.length / 2;
}

/** Returns the number of tokens of each completion that the model predicts. It can't predict the first token of a sequence. */
export function completionTokens(row: PairRow): readonly [number, number] {
  const length = lengthOf(row);
  const count = (begin: number): number =>
    row.labels.subarray(begin + 1, begin + length).reduce((sum, label) => sum + Number(label !== IGNORED), 0);
  return [count(0), count(length)];
}

function rangesOf(
  { rows, labelled }: Pick<TextBatch, 'rows' | 'labelled'>,
  B: number,
  T: number,
): Uint32Array<ArrayBuffer> {
  const sequences = new Uint32Array(2 * B);
  let n = 0;
  for (let b = 0; b < B; b++) {
    sequences[2 * b] = n;
    while (n < labelled && (rows[n] ?? 0) < (b + 1) * T) n++;
    sequences[2 * b + 1] = n;
  }
  return sequences;
}
