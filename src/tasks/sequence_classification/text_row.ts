import { WebVeraError } from '../../core/errors/error';
import type { HeadPooling } from '../../core/pooling/pooling';
import type { GivenTexts } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { TextSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { givenTargets, labelOf, targetsOf } from '../classification/example_labels';
import { expectUnweighted, noTarget, type RowTarget } from '../classification/row_targets';
import { encodedText } from '../texts/encoded_text';
import { expectTokenizer } from '../texts/expect_tokenizer';
import { givenTokens } from '../texts/given_tokens';
import { type TextTokens, tokensOfIds } from '../texts/text_tokens';
import { writtenTexts } from '../texts/written_text';

/** A text and its targets. */
export interface TextRow extends TextTokens, RowTarget {}

export interface TextRowOptions {
  readonly tokenizer: TextTokenizer | undefined;
  readonly text: TextSizes;
  readonly labels: Labels;
  /** The settings of a pooled head that change a text before it is encoded. */
  readonly writing?: Pick<HeadPooling, 'prompt' | 'do_lower_case'> | undefined;
  /** The largest number of tokens per row. */
  readonly maxLength: number;
  /** Called for each truncated text. */
  onCut?(): void;
}

const FORMS =
  'An example is { text, label }, { text, text_pair, label } or { input_ids, label, attention_mask?, token_type_ids? }, with labels in place of label where a model tells several.';

/** Makes a row of an example. `where` names the example in error messages. Throws `invalid_argument`. */
export function textRow(example: SentExample, where: string, options: TextRowOptions): TextRow {
  const label = labelOf(example, options.labels);
  if (label === undefined) throw invalid(where, 'a label for the whole text');
  expectUnweighted(example, where);
  return { ...unlabelledRow(example, where, options), targets: targetsOf(label, options.labels, where), weight: 1 };
}

/** Encodes an example, with or without a label, as tokens. Throws `invalid_argument`. */
export function unlabelledRow(
  example: SentExample,
  where: string,
  options: Omit<TextRowOptions, 'labels'>,
): TextTokens {
  if ('input_ids' in example) return tokensOfIds(example, where, { ...options, forms: FORMS });
  if (!('text' in example)) throw invalid(where, 'a text');
  const tokenizer = expectTokenizer(options.tokenizer, where, 'input_ids, label');
  const { prompt = '', do_lower_case: lowerCase = false } = options.writing ?? {};
  const written = writtenTexts(example, { prompt, lowerCase });
  return encodedText(written, where, { ...options, tokenizer, forms: FORMS });
}

function invalid(where: string, expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected ${expected}`, { hint: FORMS });
}

/** Returns the inputs of `forward` as rows. Throws `invalid_argument` for ids, masks and labels that don't fit the model. */
export function givenRows(inputs: GivenTexts, text: TextSizes, labels: Labels): readonly TextRow[] {
  const rows = givenTokens(inputs, text);
  const targets = inputs.labels && givenTargets(inputs.labels, labels, rows.length);
  const none = noTarget(labels);
  return rows.map((tokens, row) => ({ ...tokens, targets: targets?.[row] ?? none.targets, weight: 1 }));
}
