import { WebVeraError } from '../../core/errors/error';
import type { IdTensor, RowLabels } from '../../core/types/tensor';

/** The label of a token that isn't learned. */
export const IGNORED = -100;

/** Returns the labels that were passed to `forward`, one for each token. Throws `invalid_argument` for labels of another shape. */
export function tokenLabels(labels: IdTensor | RowLabels, { dims: [B, T] }: IdTensor): IdTensor {
  if (isOfTokens(labels) && labels.dims[1] === T) return labels;
  throw new WebVeraError(
    'invalid_argument',
    `labels: expected dims [${B}, ${T}], as input_ids, got [${labels.dims.join(', ')}]`,
  );
}

function isOfTokens(labels: IdTensor | RowLabels): labels is IdTensor {
  return labels.data instanceof Int32Array;
}
