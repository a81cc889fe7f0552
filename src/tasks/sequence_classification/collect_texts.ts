import { collectClassified } from '../classification/collect_classified';
import type { CollectedRows, CollectOptions, RowSource } from '../task/task_data';
import { cutWarnings } from '../texts/cut_texts';
import { MAX_TOKENS } from '../texts/text_tokens';
import { type TextRow, type TextRowOptions, textRow } from './text_row';

/** Reads a data set of labelled texts, as `collectClassified` does, and warns of truncated texts. */
export async function collectTexts(
  source: RowSource,
  collecting: CollectOptions,
  options: TextRowOptions,
): Promise<CollectedRows<TextRow>> {
  let cut = 0;
  const onCut = (): void => {
    cut++;
  };
  const { rows, warnings } = await collectClassified<TextRow>(source, collecting, {
    labels: options.labels,
    form: "{ text: 'see you at noon', label: 'ham' }",
    size: { unit: 'tokens', most: MAX_TOKENS, of: ({ input_ids }) => input_ids.length },
    row: (example, where) => textRow(example, where, { ...options, onCut }),
  });
  return { rows, warnings: [...warnings, ...cutWarnings(cut, rows.length, options.maxLength)] };
}
