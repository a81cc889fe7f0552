import { expect, test } from 'vitest';
import type { GivenInputs, GivenTexts, IdTensor } from '../../../src/core/types/tensor';
import type { TextSizes } from '../../../src/models/architecture';
import type { Labels } from '../../../src/models/labels';
import { givenRows } from '../../../src/tasks/sequence_classification/text_row';

const text: TextSizes = {
  vocabSize: 10,
  maxLength: 3,
  positions: 'row',
  eosTokenIds: [],
  padTokenId: 0,
  typeVocabSize: 2,
};
const { typeVocabSize: _, ...untyped } = text;
const labels: Labels = { names: ['ham', 'spam'], problem: 'single_label_classification' };
const numbers: Labels = { names: ['LABEL_0'], problem: 'regression' };

const ids = (...rows: readonly (readonly number[])[]): IdTensor => ({
  dims: [rows.length, rows[0]!.length],
  data: Int32Array.from(rows.flat()),
});
const each = (...data: readonly number[]) => ({ dims: [data.length], data: Float32Array.from(data) }) as const;
const input_ids = ids([1, 2], [3, 4]);

test('rows are the tensors’, with masks of ones and types of zeros unless they are given', () => {
  expect(givenRows({ input_ids }, text, labels)).toEqual([
    {
      input_ids: Uint32Array.of(1, 2),
      attention_mask: Uint8Array.of(1, 1),
      token_type_ids: Uint8Array.of(0, 0),
      targets: [0],
      weight: 1,
    },
    {
      input_ids: Uint32Array.of(3, 4),
      attention_mask: Uint8Array.of(1, 1),
      token_type_ids: Uint8Array.of(0, 0),
      targets: [0],
      weight: 1,
    },
  ]);
  const whole = { input_ids, attention_mask: ids([1, 0], [0, 1]), token_type_ids: ids([0, 1], [1, 0]) };
  const [first, second] = givenRows(whole, text, labels);
  expect([...first!.attention_mask, ...second!.attention_mask]).toEqual([1, 0, 0, 1]);
  expect([...first!.token_type_ids, ...second!.token_type_ids]).toEqual([0, 1, 1, 0]);
});

test('labels are one for each row', () => {
  const targets = (given: GivenInputs['labels'], of: Labels) =>
    givenRows({ input_ids, ...(given && { labels: given }) }, text, of).map(({ targets: [target] }) => target);
  expect(targets(each(1, 0), labels)).toEqual([1, 0]);
  expect(targets(ids([1], [0]), labels)).toEqual([1, 0]);
  expect(targets(each(-0.5, 2), numbers)).toEqual([-0.5, 2]);
});

test.each<[string, Partial<GivenTexts>, string, TextSizes?]>([
  ['too many tokens', { input_ids: ids([1, 2, 3, 4]) }, 'input_ids: expected at most 3 tokens a row, got 4'],
  ['an id beyond the vocabulary', { input_ids: ids([10]) }, 'input_ids: expected tokens from 0 to 9, got 10'],
  ['a negative id', { input_ids: ids([-1]) }, 'input_ids: expected tokens from 0 to 9, got -1'],
  [
    'a mask that is none',
    { attention_mask: ids([1, 1], [1, 2]) },
    'attention_mask: expected integers from 0 to 1, got 2',
  ],
  [
    'a type that there isn’t',
    { token_type_ids: ids([0, 0], [2, 0]) },
    'token_type_ids: expected integers from 0 to 1, got 2',
  ],
  [
    'types for a model without',
    { token_type_ids: ids([0, 0], [1, 0]) },
    'token_type_ids: expected integers from 0 to 0, got 1',
    untyped,
  ],
  ['labels of tokens', { labels: ids([1, 0], [0, 1]) }, 'labels: expected one for each of 2 rows, got 4'],
  [
    'a class that there isn’t',
    { labels: each(0, 2) },
    `labels[1]: label: expected an index below 2 of the model's labels ("ham", "spam"), got 2`,
  ],
])('%s: invalid_argument', (_name, changes, message, sizes = text) => {
  const error = expect.objectContaining({ code: 'invalid_argument', message });
  expect(() => givenRows({ input_ids, ...changes }, sizes, labels)).toThrow(error);
});
