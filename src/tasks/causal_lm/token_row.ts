import { IGNORED } from '../texts/token_labels';

/**
 * One example as tokens; the three arrays have the same length. Labels aren't shifted: the loss compares the output at t with the label at
 * t + 1.
 */
export interface TokenRow {
  readonly input_ids: Uint32Array;
  /** −100 for a token that isn't learned. */
  readonly labels: Int32Array;
  /** 1 for a token and 0 for padding; in packed rows, documents are numbered as in `TextBatch`. */
  readonly attention_mask: Uint8Array;
  /** Set if the text is complete without an EOS token, so that packing adds none. */
  readonly isClosed?: boolean;
  /** The weight of the losses of the row's tokens. Default: 1. */
  readonly weight?: number;
}

/** Returns the `weight` field for a row that is made from another row or an example. Empty if the weight is 1. */
export function weightPart({ weight = 1 }: Pick<TokenRow, 'weight'>): Pick<TokenRow, 'weight'> {
  return weight === 1 ? {} : { weight };
}

/** Returns a row of plain text. Every token has a label, so all tokens are learned. */
export function textRow(ids: readonly number[]): TokenRow {
  return {
    input_ids: Uint32Array.from(ids),
    labels: Int32Array.from(ids),
    attention_mask: new Uint8Array(ids.length).fill(1),
  };
}

/** Returns the tokens of a row from `start` up to, but not including, `end`. */
export function sliceRow(row: TokenRow, start: number, end: number): TokenRow {
  return {
    input_ids: row.input_ids.slice(start, end),
    labels: row.labels.slice(start, end),
    attention_mask: row.attention_mask.slice(start, end),
    ...weightPart(row),
  };
}

/** Yields consecutive parts of a row, of `length` tokens each; the last one may be shorter. */
export function* splitRow(row: TokenRow, length: number): Generator<TokenRow> {
  for (let start = 0; start < row.input_ids.length; start += length) yield sliceRow(row, start, start + length);
}

/** Whether the row has a label to learn. The label of the first token isn't learned, because no token before it predicts it. */
export function hasTarget(row: TokenRow): boolean {
  return row.labels.subarray(1).some((label) => label !== IGNORED);
}

/** Returns a row as transformers' Trainer reads it. A packed row also has the lengths of its documents. */
export function exportedRow({ input_ids, labels, attention_mask }: TokenRow): object {
  const seq_lengths = documentLengths(attention_mask);
  return {
    input_ids: [...input_ids],
    attention_mask: Array.from(attention_mask, (document) => Math.min(1, document)),
    labels: [...labels],
    ...(seq_lengths.length > 1 && { seq_lengths }),
  };
}

/** Returns the lengths of a packed row's documents. A row with padding isn't packed, so it counts as one document. */
function documentLengths(mask: Uint8Array): readonly number[] {
  if (mask.includes(0)) return [mask.length];
  const lengths: number[] = [];
  let start = 0;
  for (let end = 1; end <= mask.length; end++) {
    if (mask[end] === mask[start]) continue;
    lengths.push(end - start);
    start = end;
  }
  return lengths;
}
