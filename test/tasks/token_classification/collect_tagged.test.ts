import { describe, expect, test } from 'vitest';
import type { TrainingArguments } from '../../../src/core/types/training';
import type { TextSizes } from '../../../src/models/architecture';
import type { Labels } from '../../../src/models/labels';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { collectTagged } from '../../../src/tasks/token_classification/collect_tagged';
import { givenRows, taggedBatch } from '../../../src/tasks/token_classification/tagged_row';
import { createTokenizer } from '../../../src/tokenizer/tokenizer';
import { SMALL_BERT_VOCAB, smallBertTokenizerJson } from '../../helpers/models/small_bert_tokenizer';

const text: TextSizes = { vocabSize: SMALL_BERT_VOCAB, maxLength: 8, positions: 'row', eosTokenIds: [], padTokenId: 1 };
const tokenizer = createTokenizer(smallBertTokenizerJson());
const labels: Labels = { names: ['O', 'B-PER', 'I-PER'], problem: 'single_label_classification' };
const signal = new AbortController().signal;

function collect(examples: readonly unknown[], args: TrainingArguments = {}, maxLength = 8, changes = {}) {
  const options = { args: resolveTrainingArguments(args), purpose: 'training', signal } as const;
  return collectTagged({ kind: 'examples', examples }, options, { tokenizer, text, labels, maxLength, ...changes });
}

const row = { input_ids: [5, 6, 7], labels: ['O', 'B-PER', 'I-PER'] };

describe('a row', () => {
  test('has a label for each token, by name, by number, or none', async () => {
    const { rows, warnings } = await collect([row, { input_ids: [8, 9], labels: [2, -100] }]);
    expect(rows.map(({ labels }) => [...labels])).toEqual([
      [0, 1, 2],
      [2, -100],
    ]);
    expect(rows.map(({ input_ids }) => [...input_ids])).toEqual([
      [5, 6, 7],
      [8, 9],
    ]);
    expect(warnings).toEqual([]);
  });

  test('loses its end with its labels, with a warning that counts', async () => {
    const { rows, warnings } = await collect([row, { input_ids: [8], labels: ['O'] }], {}, 2);
    expect(rows.map(({ labels }) => [...labels])).toEqual([[0, 1], [0]]);
    expect(warnings).toEqual([
      { code: 'texts_cut', message: expect.stringMatching(/^1 of 2 texts are longer than 2 tokens/) },
    ]);
  });

  test('without a label within the length is left out, with a warning that counts', async () => {
    const { rows, warnings } = await collect([row, { input_ids: [8, 9], labels: [-100, -100] }]);
    expect(rows).toHaveLength(1);
    expect(warnings).toEqual([{ code: 'left_out', message: expect.stringMatching(/^1 of 2 texts are left out/) }]);
  });
});

describe('words', () => {
  const [CLS, SEP, a, b, c] = [2, 3, 21, 22, 23];

  test('have their label on their first token', async () => {
    const { rows } = await collect([{ tokens: ['a', 'b c', ''], labels: ['B-PER', 'I-PER', 'O'] }]);
    expect([...rows[0]!.input_ids]).toEqual([CLS, a, b, c, SEP]);
    expect([...rows[0]!.labels]).toEqual([-100, 1, 2, -100, -100]);
    expect([...rows[0]!.attention_mask]).toEqual([1, 1, 1, 1, 1]);
  });

  test('lose their end within the special tokens', async () => {
    const { rows, warnings } = await collect([{ tokens: ['a', 'b', 'c'], labels: [1, 2, 0] }], {}, 4);
    expect([...rows[0]!.input_ids]).toEqual([CLS, a, b, SEP]);
    expect([...rows[0]!.labels]).toEqual([-100, 1, 2, -100]);
    expect(warnings.map(({ code }) => code)).toEqual(['texts_cut']);
  });

  test('need a tokenizer', async () => {
    await expect(collect([{ tokens: ['a'], labels: [0] }], {}, 8, { tokenizer: undefined })).rejects.toMatchObject({
      message: 'example 0: expected { input_ids, labels }, because the model has no tokenizer',
    });
  });

  test('are strings', async () => {
    await expect(collect([{ tokens: ['a', 1], labels: [0, 0] }])).rejects.toMatchObject({
      message: expect.stringMatching(/^example 0: tokens: expected an array of strings, a word each/),
    });
  });
});

test.each([
  [{ text: 'a', label: 'O' }, /example 0: expected words or token ids, each with a label/],
  [{ input_ids: [5] }, /example 0: expected a label for each token/],
  [{ input_ids: [5], label: 'O' }, /example 0: expected a label for each token/],
  [{ input_ids: [5, 6], labels: ['O'] }, /example 0: expected 2 entries in labels, got 1/],
  [
    { input_ids: [5], labels: ['B-LOC'] },
    /example 0: labels\[0\]: label: expected one of the model's labels .*"B-LOC"/,
  ],
  [{ input_ids: [5], labels: [3] }, /example 0: labels\[0\]: label: expected one of the model's labels/],
  [{ input_ids: [SMALL_BERT_VOCAB], labels: ['O'] }, /example 0: input_ids: expected tokens from 0 to/],
  [{ input_ids: [5], labels: ['O'], attention_mask: [2] }, /example 0: attention_mask: expected integers from 0 to 1/],
  [{ input_ids: [5], labels: [-100] }, /Expected examples with labels, got 1 without a label to learn/],
])('refuses %j', async (example, message) => {
  await expect(collect([example])).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(message),
  });
});

test.each([
  [{ packing: true }, 'packing'],
  [{ completion_only_loss: true }, 'completion_only_loss'],
  [{ classWeights: 'balanced' as const }, 'classWeights'],
])('refuses arguments that do not apply: %j', async (args, name) => {
  await expect(collect([row], args)).rejects.toMatchObject({ message: expect.stringMatching(new RegExp(`^${name}:`)) });
});

test('a batch has the places of its labels in order, and padding has none', async () => {
  const { rows } = await collect([row, { input_ids: [8, 9], labels: [-100, 1] }]);
  const { B, T, labelled, rows: places, targets, input_ids } = taggedBatch(rows, 4, text);
  expect([B, T, labelled]).toEqual([2, 4, 4]);
  expect([...input_ids]).toEqual([5, 6, 7, 1, 8, 9, 1, 1]);
  expect([...places]).toEqual([0, 1, 2, 5, 0, 0, 0, 0]);
  expect([...targets]).toEqual([0, 1, 2, 1, 0, 0, 0, 0]);
});

describe('the inputs of forward', () => {
  const ids = { dims: [1, 3], data: Int32Array.of(5, 6, 7) } as const;

  test('may have labels', () => {
    const [given] = givenRows(
      { input_ids: ids, labels: { dims: [1, 3], data: Int32Array.of(2, -100, 0) } },
      text,
      labels,
    );
    expect([...given!.labels]).toEqual([2, -100, 0]);
    const [bare] = givenRows({ input_ids: ids }, text, labels);
    expect([...bare!.labels]).toEqual([-100, -100, -100]);
  });

  test.each([
    [
      { dims: [1, 2], data: Int32Array.of(0, 0) } as const,
      /labels: expected dims \[1, 3\], as input_ids, got \[1, 2\]/,
    ],
    [{ dims: [1], data: Float32Array.of(0) } as const, /labels: expected dims \[1, 3\], as input_ids, got \[1\]/],
    [{ dims: [1, 3], data: Int32Array.of(0, 3, 0) } as const, /inputs: labels\[1\]: label: expected an index below/],
  ])('refuses labels that do not fit: %j', (given, message) => {
    expect(() => givenRows({ input_ids: ids, labels: given }, text, labels)).toThrow(message);
  });
});
