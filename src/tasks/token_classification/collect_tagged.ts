import { WebVeraError } from '../../core/errors/error';
import type { Warning } from '../../core/errors/warning';
import type { SentExample } from '../../core/types/training';
import { expectClassifiable } from '../classification/classifier_arguments';
import { exampleRows } from '../reading/example_rows';
import { refused } from '../refused';
import type { CollectedRows, CollectOptions, RowSource } from '../task/task_data';
import { cutWarnings } from '../texts/cut_texts';
import { MAX_TOKENS } from '../texts/text_tokens';
import { IGNORED } from '../texts/token_labels';
import { FORM, type TaggedRow, type TaggedRowOptions, taggedRow } from './tagged_row';

/** Reads a data set of texts with a label for each token, as `exampleRows` does. Leaves out texts without any label. */
export async function collectTagged(
  source: RowSource,
  { args, signal }: CollectOptions,
  options: TaggedRowOptions,
): Promise<CollectedRows<TaggedRow>> {
  expectClassifiable(args, options.labels);
  if (args.classWeights !== null) throw refused('classWeights', 'all labels of tokens count alike');
  if (args.objective === 'contrast') throw refused('objective', 'an example has many labels, and no class of its own');
  let cut = 0;
  const onCut = (): void => {
    cut++;
  };
  const format = {
    form: FORM,
    limits: [{ unit: 'tokens', most: MAX_TOKENS, of: ({ input_ids }: TaggedRow) => input_ids.length }],
    row: (example: SentExample, where: string) => taggedRow(example, where, { ...options, onCut }),
  };
  const all = await exampleRows<TaggedRow>(source, format, signal);
  const rows = all.filter(({ labels }) => labels.some((label) => label !== IGNORED));
  if (rows.length === 0) throw noLabels(all.length);
  return {
    rows,
    warnings: [...leftOut(all.length - rows.length, all.length), ...cutWarnings(cut, all.length, options.maxLength)],
  };
}

function leftOut(count: number, of: number): Warning[] {
  const message = `${count} of ${of} texts are left out, as no token of theirs has a label`;
  return count === 0 ? [] : [{ code: 'left_out', message }];
}

function noLabels(count: number): WebVeraError {
  return new WebVeraError('invalid_argument', `Expected examples with labels, got ${count} without a label to learn`, {
    hint: `An example is ${FORM}.`,
  });
}
