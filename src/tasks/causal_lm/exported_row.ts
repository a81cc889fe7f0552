import type { TokenRow } from './token_row';

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
