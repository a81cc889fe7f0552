import { describe, expect, test } from 'vitest';
import type { ResolvedTrainingArguments, TrainingArguments } from '../../../src/core/types/training';
import type { TextSizes } from '../../../src/models/architecture';
import type { Labels } from '../../../src/models/labels';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { collectTexts } from '../../../src/tasks/sequence_classification/collect_texts';
import type { RowSource } from '../../../src/tasks/task/task_data';
import { createTokenizer } from '../../../src/tokenizer/tokenizer';
import { SMALL_BERT_VOCAB, smallBertTokenizerJson } from '../../helpers/models/small_bert_tokenizer';

const [CLS, SEP] = [2, 3];
const [a, b] = [21, 22];
const tokenizer = createTokenizer(smallBertTokenizerJson());
const text: TextSizes = {
  vocabSize: SMALL_BERT_VOCAB,
  maxLength: 8,
  positions: 'row',
  eosTokenIds: [],
  padTokenId: 0,
  typeVocabSize: 2,
};
const labels: Labels = { names: ['ham', 'spam'], problem: 'single_label_classification' };
const signal = new AbortController().signal;

interface Changes {
  readonly args?: TrainingArguments;
  readonly purpose?: 'training' | 'evaluation';
  readonly text?: TextSizes;
  readonly labels?: Labels;
  readonly tokenizer?: typeof tokenizer | undefined;
  readonly maxLength?: number;
  readonly signal?: AbortSignal;
}

function collect(source: RowSource, { args, purpose = 'training', ...changes }: Changes = {}) {
  const resolved: ResolvedTrainingArguments = resolveTrainingArguments(args);
  const options = { tokenizer, text, labels, maxLength: 8, ...changes };
  return collectTexts(source, { args: resolved, purpose, signal: changes.signal ?? signal }, options);
}

function examples(...list: readonly unknown[]): RowSource {
  return { kind: 'examples', examples: list };
}

const [ham, spam] = [
  { text: 'a', label: 'ham' },
  { text: 'b', label: 'spam' },
];

describe('a text', () => {
  test('has its special tokens, and its class by name, by index and written out', async () => {
    const { rows, warnings } = await collect(examples(ham, { text: 'b', label: 1 }, { text: 'a b', label: '0' }));
    expect(rows.map(({ input_ids }) => [...input_ids])).toEqual([
      [CLS, a, SEP],
      [CLS, b, SEP],
      [CLS, a, b, SEP],
    ]);
    expect(rows.map(({ targets, weight }) => [...targets, weight])).toEqual([
      [0, 1],
      [1, 1],
      [0, 1],
    ]);
    expect(rows.map(({ attention_mask }) => [...attention_mask])).toEqual([[1, 1, 1], [1, 1, 1], Array(4).fill(1)]);
    expect(warnings).toEqual([]);
  });

  test('and another are one row, whose tokens say of which they are', async () => {
    const { rows } = await collect(examples({ ...ham, text_pair: 'b' }, { ...spam, text_pair: '' }));
    expect(rows.map(({ input_ids }) => [...input_ids])).toEqual([
      [CLS, a, SEP, b, SEP],
      [CLS, b, SEP, SEP],
    ]);
    expect(rows.map(({ token_type_ids }) => [...token_type_ids])).toEqual([
      [0, 0, 0, 1, 1],
      [0, 0, 0, 1],
    ]);
  });

  test('has no types for a model that takes none in, and is refused by one that has fewer', async () => {
    const pair = { ...ham, text_pair: 'b' };
    const { typeVocabSize: _, ...untyped } = text;
    const { rows } = await collect(examples(pair, spam), { text: untyped });
    expect([...rows[0]!.token_type_ids]).toEqual([0, 0, 0, 0, 0]);
    await expect(collect(examples(spam, pair), { text: { ...text, typeVocabSize: 1 } })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'example 1: token_type_ids: expected integers from 0 to 0, got 1',
    });
  });

  test('that is too long keeps its special tokens, and is counted', async () => {
    const long = { text: 'a a a a a a a', label: 'spam' };
    const { rows, warnings } = await collect(examples(ham, long, { ...long, text: 'a a a a a a' }));
    expect(rows.map(({ input_ids }) => [...input_ids])).toEqual([
      [CLS, a, SEP],
      [CLS, a, a, a, a, a, a, SEP],
      [CLS, a, a, a, a, a, a, SEP],
    ]);
    expect(warnings).toEqual([
      { code: 'texts_cut', message: expect.stringContaining('1 of 3 texts are longer than 8 tokens') },
    ]);
  });

  test('without tokens is refused', async () => {
    const bare = createTokenizer(JSON.stringify({ ...JSON.parse(smallBertTokenizerJson()), post_processor: null }));
    await expect(collect(examples(ham, { text: ' ', label: 1 }), { tokenizer: bare })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'example 1: expected a text with at least one token',
    });
  });

  test('that special tokens leave no room for is refused', async () => {
    await expect(collect(examples(ham, spam), { maxLength: 1 })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'example 0: max_length: expected a length from 2 on, got 1',
    });
  });
});

describe('tokens', () => {
  const row = { input_ids: [CLS, a, SEP], label: 'ham' };

  test('are taken as they are, and cut at their end', async () => {
    const masked = { input_ids: [a, b, a], attention_mask: [0, 1, 1], token_type_ids: [0, 1, 1], labels: 1 };
    const { rows, warnings } = await collect(examples(row, masked), { maxLength: 2 });
    expect(rows.map(({ input_ids }) => [...input_ids])).toEqual([
      [CLS, a],
      [a, b],
    ]);
    expect([...rows[1]!.attention_mask, ...rows[1]!.token_type_ids]).toEqual([0, 1, 0, 1]);
    expect(rows[1]!.targets).toEqual([1]);
    expect(warnings.map(({ code }) => code)).toEqual(['texts_cut']);
  });

  test.each<[string, object, RegExp]>([
    ['none', { input_ids: [] }, /example 0: expected at least one token$/],
    ['beyond the vocabulary', { input_ids: [94] }, /example 0: input_ids: expected tokens from 0 to 93, got 94$/],
    [
      'with a mask of another length',
      { attention_mask: [1] },
      /example 0: expected 3 entries in attention_mask, got 1/,
    ],
    ['with types of another length', { token_type_ids: [1] }, /example 0: expected 3 entries in token_type_ids, got 1/],
    ['with a mask that is none', { attention_mask: [1, 2, 1] }, /attention_mask: expected integers from 0 to 1, got 2/],
    [
      'of a type that there isn’t',
      { token_type_ids: [0, 2, 0] },
      /token_type_ids: expected integers from 0 to 1, got 2/,
    ],
    ['with a label for each', { label: null, labels: [0, 0, 1] }, /example 0: expected a label for the whole text/],
    ['without a label', { label: null }, /example 0: expected a label for the whole text/],
  ])('%s are refused', async (_, changes, message) => {
    const found = collect(examples({ ...row, ...changes }));
    await expect(found).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) });
  });
});

describe('a data set', () => {
  test.each<[string, RowSource, RegExp, Changes?]>([
    ['of nothing', examples(), /at least one example, got none/],
    ['of texts without labels', examples({ text: 'a' }), /example 0: expected a label for the whole text/],
    ['of prompts', examples({ prompt: 'a', completion: 'b' }), /example 0: expected a label for the whole text/],
    ['of plain text', { kind: 'blob', blob: new Blob(['a']), format: 'text' }, /got a file of plain text/],
    [
      'with a label that isn’t known',
      examples(ham, { ...spam, label: 'eggs' }),
      /example 1: label: .*"ham", "spam".*"eggs"/,
    ],
    ['of one class', examples(spam, spam), /at least two classes, got 2 of "spam" alone/],
    [
      'for a model without a tokenizer',
      examples(ham),
      /example 0: expected \{ input_ids, label \}/,
      { tokenizer: undefined },
    ],
  ])('%s is refused', async (_, source, message, changes) => {
    const found = collect(source, changes);
    await expect(found).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) });
  });

  test('of one class can be measured', async () => {
    const { rows, warnings } = await collect(examples(spam, spam), { purpose: 'evaluation' });
    expect(rows).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  test('that lacks a class gets a warning', async () => {
    const names = ['ham', 'spam', 'eggs'];
    const { warnings } = await collect(examples(ham, spam), { labels: { ...labels, names } });
    expect(warnings).toEqual([{ code: 'label_never_occurs', message: expect.stringContaining('"eggs"') }]);
  });

  test('is weighted only in training', async () => {
    const args: TrainingArguments = { classWeights: { spam: 3 } };
    const weigh = async (purpose: 'training' | 'evaluation') =>
      (await collect(examples(ham, spam), { args, purpose })).rows.map(({ weight }) => weight);
    expect(await weigh('training')).toEqual([1, 3]);
    expect(await weigh('evaluation')).toEqual([1, 1]);
  });

  test('says its line where it is JSON Lines', async () => {
    const lines = '{"text":"a","label":"ham"}\n\n{"text":"b","label":true}';
    const source: RowSource = { kind: 'blob', blob: new Blob([lines]), format: 'jsonl' };
    await expect(collect(source)).rejects.toThrow(/^line 3: label: expected a number, or one of the model's labels/);
  });

  test('may be a table', async () => {
    const table = 'label,text,text_pair\n1,a,b\nham,"b\na",a\n0,a,';
    const source: RowSource = { kind: 'blob', blob: new Blob([table]), format: 'csv' };
    const { rows } = await collect(source);
    expect(rows.map(({ input_ids, targets }) => [...targets, ...input_ids])).toEqual([
      [1, CLS, a, SEP, b, SEP],
      [0, CLS, b, a, SEP, a, SEP],
      [0, CLS, a, SEP, SEP],
    ]);
    const wrong: RowSource = { ...source, blob: new Blob([`${table}\n2,a,b`]) };
    await expect(collect(wrong)).rejects.toThrow(/^line 6: label: expected one of .*, got "2"$/);
    const prices: RowSource = { ...source, blob: new Blob(['text,label\na,-1.5e1\nb,2']) };
    const numbers: Labels = { names: ['LABEL_0'], problem: 'regression' };
    expect((await collect(prices, { labels: numbers })).rows.map(({ targets: [target] }) => target)).toEqual([-15, 2]);
  });

  test('may have no weight but 1', async () => {
    const weighed = (weight: number): RowSource => ({ kind: 'examples', examples: [ham, { ...spam, weight }] });
    expect((await collect(weighed(1))).rows).toEqual((await collect({ kind: 'examples', examples: [ham, spam] })).rows);
    await expect(collect(weighed(0.5))).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'example 1: weight: expected none for a classifier, got 0.5',
    });
  });

  test('can be aborted', async () => {
    const controller = new AbortController();
    const oops = new Error('oops');
    function* stopping() {
      yield ham;
      controller.abort(oops);
      yield spam;
    }
    const source: RowSource = { kind: 'examples', examples: stopping() };
    await expect(collect(source, { signal: controller.signal })).rejects.toBe(oops);
  });
});
