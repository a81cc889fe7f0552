import type { TextSizes } from '../../../models/architecture';
import { IGNORED } from '../../texts/token_labels';
import { makeBatch, type TextBatch } from '../text_batch';
import { sliceRow, type TokenRow } from '../token_row';
import type { PairRow } from './pair_row';

/** P pairs of sequences as B = 2P rows: all first sequences, then all second ones in the same order. */
export interface PairBatch extends TextBatch {
  readonly pairs: readonly PairRow[];
  /** (B, 2): the index of each sequence's first entry in the labelled `rows`, and the index after its last entry. */
  readonly sequences: Uint32Array<ArrayBuffer>;
  readonly terms: number;
}

/** Makes a batch of pairs, with the sequences padded on the right to one length. */
export function pairBatch(pairs: readonly PairRow[], maxLength: number, text: TextSizes): PairBatch {
  const sequences = [0, 1].flatMap((which) => pairs.map((row) => sequenceOf(row, which)));
  const batch = makeBatch(sequences, maxLength, text);
  return { ...batch, pairs, sequences: rangesOf(batch), terms: pairs.length };
}

/** Returns one of a row's two sequences, without its padding. */
function sequenceOf(row: PairRow, which: number): TokenRow {
  const length = lengthOf(row);
  const start = which * length;
  const tokens = row.attention_mask.subarray(start, start + length).lastIndexOf(1) + 1;
  // The row's weight is that of the pair's loss, not of its tokens' losses.
  return sliceRow({ ...row, weight: 1 }, start, start + tokens);
}

/** Returns the number of tokens in each sequence of a row, padding included. */
function lengthOf({ input_ids }: PairRow): number {
  return input_ids.length / 2;
}

/** Returns the number of tokens of each completion that the model predicts. It can't predict the first token of a sequence. */
export function completionTokens(row: PairRow): readonly [number, number] {
  const length = lengthOf(row);
  const count = (begin: number): number =>
    row.labels.subarray(begin + 1, begin + length).reduce((sum, label) => sum + Number(label !== IGNORED), 0);
  return [count(0), count(length)];
}

function rangesOf({ B, T, rows, labelled }: TextBatch): Uint32Array<ArrayBuffer> {
  const sequences = new Uint32Array(2 * B);
  let n = 0;
  for (let b = 0; b < B; b++) {
    sequences[2 * b] = n;
    while (n < labelled && (rows[n] ?? 0) < (b + 1) * T) n++;
    sequences[2 * b + 1] = n;
  }
  return sequences;
}
