import { IGNORED } from '../texts/token_labels';

/** One example as tokens; the three arrays are of one length. Labels aren't shifted: the loss compares t with t+1. */
export interface TokenRow {
  readonly input_ids: Uint32Array;
  /** −100: ignored. */
  readonly labels: Int32Array;
  /** 1 for a token and 0 for padding; in packed rows as in `TextBatch`. */
  readonly attention_mask: Uint8Array;
  /** Set if the text contains its own end, so that packing adds no EOS. */
  readonly isClosed?: boolean;
  /** Factor of the loss of its tokens. Default: 1. */
  readonly weight?: number;
}

/** The `weight` field of a row that is made of another row's tokens: empty for a weight of 1. */
export function weightPart({ weight = 1 }: Pick<TokenRow, 'weight'>): Pick<TokenRow, 'weight'> {
  return weight === 1 ? {} : { weight };
}

/** A row of plain text: every token is learned. */
export function textRow(ids: readonly number[]): TokenRow {
  return {
    input_ids: Uint32Array.from(ids),
    labels: Int32Array.from(ids),
    attention_mask: new Uint8Array(ids.length).fill(1),
  };
}

/** Tokens `start` to `end`. */
export function sliceRow(row: TokenRow, start: number, end: number): TokenRow {
  return {
    input_ids: row.input_ids.slice(start, end),
    labels: row.labels.slice(start, end),
    attention_mask: row.attention_mask.slice(start, end),
    ...weightPart(row),
  };
}

/** Consecutive parts of `length` tokens that don't overlap; the last may be shorter. */
export function* splitRow(row: TokenRow, length: number): Generator<TokenRow> {
  for (let start = 0; start < row.input_ids.length; start += length) yield sliceRow(row, start, start + length);
}

/** Whether anything is learned from the row: the first label has no token before it that could predict it. */
export function hasTarget(row: TokenRow): boolean {
  return row.labels.subarray(1).some((label) => label !== IGNORED);
}

/** A row as Python's Trainer takes it. A packed row also has the lengths of its documents. */
export function exportedRow({ input_ids, labels, attention_mask }: TokenRow): object {
  const seq_lengths = documentLengths(attention_mask);
  return {
    input_ids: [...input_ids],
    attention_mask: Array.from(attention_mask, (document) => Math.min(1, document)),
    labels: [...labels],
    ...(seq_lengths.length > 1 && { seq_lengths }),
  };
}

/** The lengths of a packed row's documents. A row with padding isn't packed, and is one document. */
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
