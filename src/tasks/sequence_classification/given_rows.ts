import type { GivenTexts } from '../../core/types/tensor';
import type { TextSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import { givenTargets } from '../classification/example_labels';
import { noTarget } from '../classification/row_targets';
import { givenTokens } from '../texts/given_tokens';
import type { TextRow } from './text_row';

/** The inputs of `forward` as rows. Throws `invalid_argument` for ids, masks and labels that don't fit the model. */
export function givenRows(inputs: GivenTexts, text: TextSizes, labels: Labels): readonly TextRow[] {
  const rows = givenTokens(inputs, text);
  const targets = inputs.labels && givenTargets(inputs.labels, labels, rows.length);
  const none = noTarget(labels);
  return rows.map((tokens, row) => ({ ...tokens, targets: targets?.[row] ?? none.targets, weight: 1 }));
}
