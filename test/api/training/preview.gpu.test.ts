import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  AutoModelForSequenceClassification,
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { smallWriter } from '../../helpers/models/small_writer';
import { loadTextClassifier } from '../../helpers/models/text_classifier';
import { openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());

describe('a classifier', () => {
  const id2label = { 0: 'ham', 1: 'spam', 2: 'eggs' };
  let model: PreTrainedModel;
  beforeAll(async () => {
    model = await loadTextClassifier(opened, 'bert', { id2label });
  });

  test('shows the tokens of two texts, and the label', async () => {
    expect(await model.preview({ text: 'A b', text_pair: 'c', label: 'spam' })).toEqual({
      tokens: ['[CLS]', 'a', 'b', '[SEP]', 'c', '[SEP]'],
      input_ids: [2, 21, 22, 3, 23, 3],
      attention_mask: [1, 1, 1, 1, 1, 1],
      token_type_ids: [0, 0, 0, 0, 1, 1],
      label: { id: 1, name: 'spam' },
      cut: false,
    });
  });

  test('a text alone has no label', async () => {
    expect(await model.preview('a')).toMatchObject({ tokens: ['[CLS]', 'a', '[SEP]'], label: null, cut: false });
  });

  test('a long text is cut to max_length, and to what the model takes', async () => {
    const text = 'a '.repeat(60);
    const short = await model.preview({ text, label: '2' }, { max_length: 4 });
    expect(short).toMatchObject({ tokens: ['[CLS]', 'a', 'a', '[SEP]'], label: { id: 2, name: 'eggs' }, cut: true });
    const { input_ids, cut } = await model.preview({ text });
    expect([input_ids.length, cut]).toEqual([40, true]);
  });

  test('token ids are shown as they are', async () => {
    const given = { input_ids: [95, 21], attention_mask: [0, 1], token_type_ids: [1, 0], labels: 0 };
    expect(await model.preview(given)).toEqual({
      tokens: ['', 'a'],
      input_ids: [95, 21],
      attention_mask: [0, 1],
      token_type_ids: [1, 0],
      label: { id: 0, name: 'ham' },
      cut: false,
    });
  });

  test('works for the model with an adapter too', async () => {
    const vera = await get_peft_model(model, new VeraConfig({ target_modules: ['query'] }));
    expect(await vera.preview('a')).toEqual(await model.preview('a'));
  });

  test.each<[string, Parameters<PreTrainedModel['preview']>, RegExp]>([
    ['a label that there isn’t', [{ text: 'a', label: 'bacon' }], /^preview: example: label: expected one of/],
    ['a conversation', [{ messages: [{ role: 'user', content: 'a' }] }], /^preview: example: expected a text/],
    ['no example', [{} as never], /^preview: example: expected \{ text \}/],
    [
      'an id beyond the vocabulary',
      [{ input_ids: [96] }],
      /^preview: example: input_ids: expected tokens from 0 to 95/,
    ],
    [
      'what says what is learnt',
      ['a', { completion_only_loss: true }],
      /^completion_only_loss: expected to be left out/,
    ],
    [
      'an unknown option',
      ['a', { packing: true } as never],
      /^preview: unknown or not yet supported argument 'packing'/,
    ],
    ['a length of none', ['a', { max_length: 0 }], /^preview: max_length: expected an integer from 2/],
    [
      'no room for special tokens',
      [{ text: 'a', text_pair: 'b' }, { max_length: 2 }],
      /expected a length from 3 on, got 2/,
    ],
  ])('%s is refused', async (_, given, message) => {
    const found = model.preview(...given);
    await expect(found).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) });
  });
});

test('a model without types of tokens shows none, one of a number shows it', async () => {
  const untyped = await loadTextClassifier(opened, 'distilbert');
  expect(await untyped.preview({ text: 'a', text_pair: 'b' })).not.toHaveProperty('token_type_ids');
  const regression = await loadTextClassifier(opened, 'roberta-regression');
  expect(await regression.preview({ text: 'a', label: '-2.5' })).toMatchObject({ label: -2.5 });
});

test('a model without a tokenizer shows ids alone', async () => {
  const { session } = opened;
  const model = await AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert'), { session });
  expect(await model.preview({ input_ids: [5] })).not.toHaveProperty('tokens');
  await expect(model.preview('a')).rejects.toThrow(/^preview: example: expected \{ input_ids, label \}/);
});

describe('a language model', () => {
  let model: PreTrainedModel;
  beforeAll(async () => {
    const { session } = opened;
    model = await AutoModelForCausalLM.from_pretrained({ files: smallWriter() }, { session });
  });

  test('shows which tokens are learnt', async () => {
    const { tokenizer } = model;
    const [prompt, completion] = ['The captain said', ' nothing at all.'];
    const before = (await tokenizer!.encode(prompt)).length;
    const ids = [...(await tokenizer!.encode(prompt + completion)), tokenizer!.eos_token_id!];
    const preview = await model.preview({ prompt, completion });
    expect(preview).toEqual({
      tokens: expect.any(Array),
      input_ids: ids,
      attention_mask: ids.map(() => 1),
      labels: ids.map((id, t) => (t < before ? -100 : id)),
      label: null,
      cut: false,
    });
    expect(preview.tokens).toHaveLength(ids.length);
    expect(preview.tokens!.join('')).toContain('captain');
    const all = await model.preview({ prompt, completion }, { completion_only_loss: false });
    expect(all.labels).toEqual(ids);
    expect(await model.preview({ prompt, completion }, { max_length: 3 })).toMatchObject({
      input_ids: ids.slice(0, 3),
      cut: true,
    });
  });

  test('a label is refused', async () => {
    await expect(model.preview({ text: 'a', label: 1 })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'preview: example: expected a text to be continued, got one with a label',
    });
  });
});
