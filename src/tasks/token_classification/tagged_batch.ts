import type { TextSizes } from '../../models/architecture';
import type { Batch } from '../task/task_batches';
import { type PaddedTokens, paddedTokens } from '../texts/padded_tokens';
import { IGNORED } from '../texts/token_labels';
import type { TaggedRow } from './tagged_row';

export interface TaggedBatch extends Batch, PaddedTokens {
  /** (N): the flat positions b·T + t that have a label, in order, then zeros. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** (N): the number of the label at each of `rows`, then zeros. */
  readonly targets: Uint32Array<ArrayBuffer>;
}

/** Pads rows on the right to one length. Padding has no labels. */
export function taggedBatch(rows: readonly TaggedRow[], maxLength: number, text: TextSizes): TaggedBatch {
  const padded = paddedTokens(rows, maxLength, text);
  const { B, T } = padded;
  const [places, targets] = [new Uint32Array(B * T), new Uint32Array(B * T)];
  let labelled = 0;
  for (const [b, { labels }] of rows.entries()) {
    for (const [t, label] of labels.entries()) {
      if (label === IGNORED) continue;
      places[labelled] = b * T + t;
      targets[labelled] = label;
      labelled++;
    }
  }
  return { ...padded, labelled, rows: places, targets };
}
