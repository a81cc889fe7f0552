import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  type Dataset,
  export_run,
  get_peft_model,
  labelledFiles,
  Trainer,
  type TrainerInit,
  type TrainingArguments,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { loadTextClassifier } from '../../helpers/models/text_classifier';
import { firstLog, weightsOf } from '../../helpers/models/tiny_training';
import { openTestSession, type TestSession } from '../../helpers/session/session';

const id2label = { 0: 'ham', 1: 'spam', 2: 'eggs' };
const texts = [
  { text: 'a b', label: 'ham' },
  { text: 'c d', label: 'spam' },
  { text: 'e f', label: 'eggs' },
];
const numbers = texts.map(({ text }, index) => ({ text, label: index / 2 }));
const jsonl = (...rows: readonly object[]): File =>
  new File([rows.map((row) => JSON.stringify(row)).join('\n')], 'rows.jsonl');

let opened: TestSession;
let classifier: VeraModel;
let regression: VeraModel;
let language: VeraModel;

beforeAll(async () => {
  opened = await openTestSession();
  const { session } = opened;
  const config = new VeraConfig({ r: 4, target_modules: ['query'], task_type: 'SEQ_CLS' });
  classifier = await get_peft_model(await loadTextClassifier(opened, 'bert', { id2label }), config);
  regression = await get_peft_model(await loadTextClassifier(opened, 'roberta-regression'), config);
  const gpt2 = await AutoModelForCausalLM.from_pretrained(goldenBase('base/gpt2'), { session });
  language = await get_peft_model(gpt2, new VeraConfig({ r: 4, target_modules: ['c_attn'], fan_in_fan_out: true }));
  // The first run allocates buffers that stay in memory and that later runs reuse.
  await trainer(classifier).train();
  await trainer(regression, { train_dataset: numbers }).train();
});
afterAll(() => opened.session.close());

function trainer(model: VeraModel, { args, ...init }: Partial<TrainerInit> = {}): Trainer {
  const all: TrainingArguments = {
    max_steps: 1,
    per_device_train_batch_size: 4,
    lr_scheduler_type: 'constant',
    save_strategy: 'no',
    ...args,
  };
  return new Trainer({ model, train_dataset: texts, ...init, args: all });
}

/** Expects a rejection with this code and message, which leaves weights, GPU memory and session unchanged. */
async function expectRefusal(
  model: VeraModel,
  action: () => PromiseLike<unknown>,
  { code = 'invalid_argument', message }: { readonly code?: string; readonly message: RegExp },
): Promise<void> {
  const before = await weightsOf(model);
  const bytes = opened.storageBytes();
  const found = Promise.resolve().then(action);
  await expect(found).rejects.toMatchObject({ name: 'WebVeraError', code, message: expect.stringMatching(message) });
  expect(opened.storageBytes()).toBe(bytes);
  expect(await weightsOf(model)).toEqual(before);
  expect(opened.session.state).toBe('ready');
}

async function expectToLearn(model: VeraModel, train_dataset: Dataset): Promise<void> {
  const before = await weightsOf(model);
  expect((await trainer(model, { train_dataset }).train()).global_step).toBe(1);
  expect(await weightsOf(model)).not.toEqual(before);
}

describe('a classifier refuses', () => {
  test.each<[string, Dataset, RegExp, string?]>([
    [
      'a label that it doesn’t have',
      [...texts, { text: 'a', label: 'bacon' }],
      /^example 3: label: expected one of the model's labels \("ham", "spam", "eggs"\) or an index below 3, got "bacon"$/,
    ],
    ['an index that it doesn’t have', [{ text: 'a', label: 3 }], /^example 0: label: .* got 3$/],
    ['a label in a file', jsonl(...texts, { text: 'a', label: 'Ham' }), /^line 4: label: .* got "Ham"$/],
    ['a label that is no name', jsonl({ text: 'a', label: ['ham'] }), /^line 1: label: expected a number, or one of/],
    ['one class', [texts[0]!, texts[0]!], /^Expected examples of at least two classes, got 2 of "ham" alone$/],
    ['texts without labels', [{ text: 'a' }], /^example 0: expected a label for the whole text$/],
    ['prompts', [{ prompt: 'a', completion: 'b' }], /^example 0: expected a label for the whole text$/],
    ['labels of tokens', [{ input_ids: [5, 6], labels: [5, 6] }], /^example 0: expected a label for the whole text$/],
    ['no examples', [], /^Expected a data set with at least one example, got none$/],
    ['an empty file', new File([''], 'rows.jsonl'), /^Expected a data set with at least one example, got none$/],
    ['a table of names alone', new File(['text,label'], 'rows.csv'), /^Expected a data set with at least one/],
    ['a table without labels', new File(['text\na'], 'rows.csv'), /^line 2: expected a label for the whole text$/],
    [
      'a table that ends early',
      new File(['text,label\na'], 'rows.csv'),
      /^line 2: expected 2 fields/,
      'invalid_format',
    ],
    ['plain text', new Blob(['a b c']), /^Expected a data set of examples, got a file of plain text$/],
    ['an empty file of text', new Blob(['']), /^Expected a data set of examples, got a file of plain text$/],
  ])('%s', async (_, train_dataset, message, code = 'invalid_argument') => {
    await expectRefusal(classifier, () => trainer(classifier, { train_dataset }).train(), { code, message });
  });

  test.each<[string, TrainingArguments, RegExp]>([
    ['packing', { packing: true }, /^packing: expected to be left out, as a classifier reads each example by itself$/],
    ['what is learnt of a text', { completion_only_loss: true }, /^completion_only_loss: expected to be left out/],
    [
      'weights of other classes',
      { classWeights: { bacon: 2 } },
      /^classWeights: expected labels of the model, got "bacon"$/,
    ],
  ])('%s', async (_, args, message) => {
    await expectRefusal(classifier, () => trainer(classifier, { args }).train(), { message });
  });

  test('pairs without room for their tokens', async () => {
    const train_dataset = texts.map((row) => ({ ...row, text_pair: 'a' }));
    const message = /^example 0: max_length: expected a length from 3 on, got 2$/;
    const tight = () => trainer(classifier, { train_dataset, args: { max_length: 2 } }).train();
    await expectRefusal(classifier, tight, { message });
  });

  test('an evaluation of texts without labels', async () => {
    const message = /^example 0: expected a label for the whole text$/;
    await expectRefusal(classifier, () => trainer(classifier, { eval_dataset: [{ text: 'a' }] }).evaluate(), {
      message,
    });
  });

  test('to generate', async () => {
    const message = /^generate: expected a causal language model, got BertForSequenceClassification$/;
    await expectRefusal(classifier, () => classifier.generate('a'), { message });
    await expectRefusal(classifier, () => classifier.generate_batch(['a', 'b']), { message });
  });

  test('exporting a run with groups of one length', async () => {
    const message = /^export_run: expected a run without group_by_length$/;
    const args = { group_by_length: true };
    const stored = trainer(classifier, { args });
    await expectRefusal(classifier, () => export_run({ model: classifier, trainer: stored }), { message });
    const running = trainer(classifier, { args: { ...args, max_steps: 200 } });
    const run = running.train();
    await firstLog(run);
    await expect(export_run({ model: classifier, trainer: running })).rejects.toThrow(message);
    await run.stop();
    await run;
  });

  test('and trains on valid data', async () => {
    await expectToLearn(classifier, texts);
    await expectToLearn(classifier, new File(['text,label\na,ham\nb,1\nc,eggs'], 'rows.csv'));
    const files = ['ham/1.txt', 'spam/1.txt', 'eggs/1.txt'].map((path): [string, Blob] => [path, new Blob([path])]);
    await expectToLearn(classifier, labelledFiles(new Map(files)));
  });
});

describe('a model of numbers refuses', () => {
  test.each<[string, Dataset, RegExp]>([
    [
      'a name',
      [{ text: 'a', label: 'ham' }],
      /^example 0: label: expected a number, as the model has a single label, got "ham"$/,
    ],
    ['an empty field', new File(['text,label\na,'], 'rows.csv'), /^line 2: label: expected a number, .* got ""$/],
  ])('%s', async (_, train_dataset, message) => {
    await expectRefusal(regression, () => trainer(regression, { train_dataset }).train(), { message });
  });

  test.each<[string, TrainingArguments, RegExp]>([
    ['weights of classes', { classWeights: 'balanced' }, /^classWeights: .* a model with one label has no classes$/],
    ['smoothed labels', { label_smoothing_factor: 0.1 }, /^label_smoothing_factor: .* has no classes$/],
  ])('%s', async (_, args, message) => {
    await expectRefusal(regression, () => trainer(regression, { args, train_dataset: numbers }).train(), { message });
  });

  test('and trains on valid data', () => expectToLearn(regression, numbers));
});

describe('a language model refuses', () => {
  test.each<[string, Dataset]>([
    ['a text with a label', [{ text: 'a', label: 1 }]],
    ['tokens with a label', [{ input_ids: [5, 6], label: 1 }]],
    ['tokens with a label, as transformers names it', [{ input_ids: [5, 6], labels: 1 }]],
    ['a table with labels', new File(['text,label\na,1'], 'rows.csv')],
  ])('%s', async (_, train_dataset) => {
    const message = /^(?:example 0|line 2): expected a text to be continued, got one with a label$/;
    await expectRefusal(language, () => trainer(language, { train_dataset }).train(), { message });
  });

  test.each<[string, TrainingArguments, RegExp]>([
    ['groups of one length', { group_by_length: true }, /expected a run without group_by_length$/],
  ])('exporting a run with %s', async (_, args, message) => {
    const own = trainer(language, { args, train_dataset: [{ input_ids: [5, 6, 7] }] });
    await expectRefusal(language, () => export_run({ model: language, trainer: own }), { message });
  });

  test('to predict labels', async () => {
    const message = /^predict: expected a classifier, got GPT2LMHeadModel$/;
    await expectRefusal(language, () => language.predict({ input_ids: [5] }), { message });
  });

  test('and trains on valid data', () => expectToLearn(language, [{ input_ids: [5, 6, 7] }]));
});

describe('a warning is given for', () => {
  const codes = async (train_dataset: Dataset): Promise<string[]> => {
    const before = opened.warnings.length;
    await expectToLearn(classifier, train_dataset);
    return opened.warnings.slice(before);
  };

  test('a class that never occurs', async () => {
    expect(await codes(texts.slice(0, 2))).toEqual(['label_never_occurs']);
  });

  test('texts that are longer than the model takes', async () => {
    expect(await codes([...texts, { text: 'a '.repeat(50), label: 'ham' }])).toEqual(['texts_cut']);
  });

  test('nothing, if all is right', async () => {
    expect(await codes(texts)).toEqual([]);
  });

  test('nothing, if the squared errors of later numbers are larger', async () => {
    const before = opened.warnings.length;
    const train_dataset = [2, 2, 2, 4, 4, 4, 4].map((label) => ({ text: 'a b', label }));
    const args = { max_steps: 7, per_device_train_batch_size: 1, shuffle: false, learning_rate: 0 };
    const run = trainer(regression, { train_dataset, args }).train();
    await run;
    const [first, ...others] = run.state.log_history.map(({ loss }) => loss);
    expect(first).toBeGreaterThan(1);
    expect(others.at(-1)).toBeGreaterThan(2 * first!);
    expect(opened.warnings.slice(before)).toEqual([]);
  });
});
