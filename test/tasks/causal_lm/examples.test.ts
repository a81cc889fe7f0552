import { describe, expect, test } from 'vitest';
import { Breather } from '../../../src/core/async/breather';
import { exampleFields } from '../../../src/core/types/example';
import { type ExampleOptions, exampleRow } from '../../../src/tasks/causal_lm/row_of_example';
import type { TokenRow } from '../../../src/tasks/causal_lm/token_row';
import { IGNORED } from '../../../src/tasks/texts/token_labels';
import { openTokenizer, proseFolder } from '../../helpers/models/tokenizers';

const tokenizer = openTokenizer(proseFolder);
const EOS = 0;
const options = { tokenizer, vocabSize: 2048, completionOnly: null, breather: new Breather() };

/** Makes the row of an example that isn't a conversation. */
async function tokenizeExample(given: unknown, where: string, options: ExampleOptions): Promise<TokenRow> {
  const example = exampleFields(where, given);
  if ('messages' in example) throw new Error('expected no conversation');
  return exampleRow(example, where, options);
}

/** Makes an example's row, and returns it as plain lists. */
async function row(example: unknown, changes: Partial<ExampleOptions> = {}) {
  const { input_ids, labels, attention_mask } = await tokenizeExample(example, 'example 0', {
    ...options,
    ...changes,
  });
  return { input_ids: [...input_ids], labels: [...labels], attention_mask: [...attention_mask] };
}

describe('{ text }', () => {
  test('every token is learned, none is added', async () => {
    const ids = tokenizer.encode('Call me Ishmael.');
    expect(await row({ text: 'Call me Ishmael.' })).toEqual({
      input_ids: ids,
      labels: ids,
      attention_mask: ids.map(() => 1),
    });
  });

  test('other fields are ignored', async () => {
    expect(await row({ text: 'Call', id: 7, source: 'x' })).toEqual(await row({ text: 'Call' }));
  });
});

describe('{ prompt, completion }', () => {
  const prompt = 'Question: who? Answer:';
  const completion = ' nobody';

  test('the completion ends with EOS, and only it is learned', async () => {
    const start = tokenizer.encode(prompt);
    const end = [...tokenizer.encode(completion), EOS];
    const { input_ids, labels } = await row({ prompt, completion });
    expect(input_ids).toEqual([...start, ...end]);
    expect(labels).toEqual([...start.map(() => IGNORED), ...end]);
  });

  test('a token that joins the prompt’s end and the completion’s beginning is learned', async () => {
    const { input_ids, labels } = await row({ prompt: `${prompt} `, completion: 'nobody' });
    const ids = [...tokenizer.encode(`${prompt} nobody`), EOS];
    expect(input_ids).toEqual(ids);
    expect(labels).toEqual(ids.map((id, t) => (t < tokenizer.encode(prompt).length ? IGNORED : id)));
    expect(labels.filter((label) => label !== IGNORED)).toEqual([...tokenizer.encode(completion), EOS]);
  });

  test('a completion that ends with EOS gets no second one', async () => {
    expect(await row({ prompt, completion: `${completion}<|endoftext|>` })).toEqual(await row({ prompt, completion }));
  });

  test('completionOnly: false learns the prompt as well', async () => {
    const { input_ids, labels } = await row({ prompt, completion }, { completionOnly: false });
    expect(labels).toEqual(input_ids);
  });

  test('without an EOS nothing is added', async () => {
    const { input_ids } = await row(
      { prompt, completion },
      { tokenizer: { ...tokenizer, eos_token: null, eos_token_id: null } },
    );
    expect(input_ids).toEqual([...tokenizer.encode(prompt), ...tokenizer.encode(completion)]);
  });
});

describe('{ input_ids }', () => {
  test('labels are the ids, but not where the mask is 0', async () => {
    expect(await row({ input_ids: [5, 6, 7], attention_mask: [0, 1, 1] })).toEqual({
      input_ids: [5, 6, 7],
      labels: [IGNORED, 6, 7],
      attention_mask: [0, 1, 1],
    });
  });

  test('labels are taken as they are', async () => {
    expect((await row({ input_ids: [5, 6, 7], labels: [IGNORED, 9, 10] })).labels).toEqual([IGNORED, 9, 10]);
  });

  test('needs no tokenizer', async () => {
    expect((await row({ input_ids: [5, 6] }, { tokenizer: undefined })).input_ids).toEqual([5, 6]);
  });
});

describe('an invalid example is invalid_argument with its place', () => {
  test.each([
    ['null', null],
    ['a string', 'text'],
    ['a list', []],
    ['no known field', { content: 'x' }],
    ['text that is none', { text: 7 }],
    ['a prompt alone', { prompt: 'x' }],
    ['a completion alone', { completion: 'x' }],
    ['no messages', { messages: [] }],
    ['messages that are a text', { messages: 'Hello' }],
    ['a message that is none', { messages: ['Hello'] }],
    ['a message without a role', { messages: [{ content: 'Hello' }] }],
    ['content that is no text', { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] }],
    ['a tool', { messages: [{ role: 'assistant', content: '', tool_calls: [{}] }] }],
    ['the answer of a tool', { messages: [{ role: 'tool', content: '4', tool_call_id: 'a' }] }],
    ['a list of tools', { messages: [{ role: 'user', content: 'Hello' }], tools: [{}] }],
    ['a name that is no text', { messages: [{ role: 'user', content: 'Hello', name: 3 }] }],
    ['reasoning that is no text', { messages: [{ role: 'assistant', content: 'Hello', reasoning_content: ['a'] }] }],
    ['a message in the place of an example', { role: 'user', content: 'Hello' }],
    ['a label', { text: 'x', label: 1 }],
    ['a list of labels', { text: 'x', labels: [1, 0] }],
    ['a list of names', { text: 'x', labels: ['spam'] }],
    ['two texts', { text: 'x', text_pair: 'y' }],
    ['ids that are no list', { input_ids: 'x' }],
    ['an id beyond the vocabulary', { input_ids: [1, 2048] }],
    ['a negative id', { input_ids: [-1] }],
    ['a fractional id', { input_ids: [0.5] }],
    ['an id that is a string', { input_ids: ['1'] }],
    ['fewer labels', { input_ids: [1, 2], labels: [1] }],
    ['more mask', { input_ids: [1, 2], attention_mask: [1, 1, 1] }],
    ['a mask of 2', { input_ids: [1, 2], attention_mask: [1, 2] }],
    ['a label of -1', { input_ids: [1, 2], labels: [1, -1] }],
    ['a label beyond the vocabulary', { input_ids: [1, 2], labels: [1, 2048] }],
    ['labels that are a number', { input_ids: [1, 2], labels: 1 }],
  ])('%s', async (_, example) => {
    await expect(tokenizeExample(example, 'line 12', options)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^line 12: /),
    });
  });

  test.each([
    ['half a pair', { prompt: 'x', chosen: 'y' }],
    ['a pair without a prompt', { chosen: 'x', rejected: 'y' }],
  ])('%s, which is told the form of pairs', async (_, example) => {
    const told = /^line 12: expected \{ prompt, chosen, rejected \}, got/;
    await expect(tokenizeExample(example, 'line 12', options)).rejects.toThrow(told);
  });

  test('a prompt and a completion of messages, which is told to join them', async () => {
    const [prompt, completion] = [[{ role: 'user', content: 'x' }], [{ role: 'assistant', content: 'y' }]];
    await expect(tokenizeExample({ prompt, completion }, 'line 12', options)).rejects.toMatchObject({
      message: 'line 12: prompt: expected a string, got an array of 1',
      hint: 'Messages are passed as rows.map((row) => ({ messages: [...row.prompt, ...row.completion] })).',
    });
  });

  test('labels and two texts, which are told how they are learnt', async () => {
    await expect(tokenizeExample({ text: 'x', labels: [1, 0] }, 'line 12', options)).rejects.toMatchObject({
      message: 'line 12: expected a text to be continued, got one with a label',
      hint: 'A model from AutoModelForSequenceClassification learns labels.',
    });
    await expect(tokenizeExample({ text: 'x', text_pair: 'y' }, 'line 12', options)).rejects.toMatchObject({
      message: 'line 12: expected one text to be continued, got two',
      hint: expect.stringContaining('{ prompt, completion }'),
    });
  });

  test('text without a tokenizer', async () => {
    const bare = { ...options, tokenizer: undefined };
    await expect(tokenizeExample({ text: 'x' }, 'example 3', bare)).rejects.toThrow(/example 3: .*no tokenizer/);
  });
});
