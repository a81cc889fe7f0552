import { expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import type { GeneratedToken } from '../../../src/core/types/generation';
import { type AnsweringModel, LanguageModel } from '../../../src/page/models/language_model';
import { type Generation, roomKey } from '../../../src/page/models/remote_generation';
import { assistant, echo, system, user } from './echo';

test('a conversation grows by prompts, answers and appended messages', async () => {
  const { model, asked } = echo();
  const session = await LanguageModel.create({ model, initialPrompts: [system] });
  expect(await session.prompt('One?')).toBe('2 messages');
  await session.append([user('Two.'), assistant('Yes.')]);
  expect(await session.prompt([user('Three?')])).toBe('6 messages');
  expect(asked[1]?.messages).toEqual([
    ...[system, user('One?'), assistant('2 messages')],
    ...[user('Two.'), assistant('Yes.'), user('Three?')],
  ]);
});

test('the oldest prompts and answers are dropped if there is no room for another answer, but not the beginning', async () => {
  const { model, asked } = echo({ longest: 6 });
  const session = await LanguageModel.create({ model, initialPrompts: [system] });
  await session.append([user('Zero.'), assistant('a'), assistant('b')]);
  await session.prompt('One?');
  const copy = await session.clone();
  expect(await session.prompt('Two?')).toBe('4 messages');
  const pieces: string[] = [];
  for await (const piece of copy.promptStreaming('Two?')) pieces.push(piece);
  expect(pieces.join('')).toBe('4 messages');
  expect(asked.at(-1)?.messages).toEqual([system, user('One?'), assistant('4 messages'), user('Two?')]);
  // The messages that were dropped earlier don't come back.
  await copy.prompt('Three?');
  expect(asked.slice(-2).map(({ messages }) => messages.length)).toEqual([6, 4]);
  expect(asked.at(-1)?.messages).toEqual([system, user('Two?'), assistant('4 messages'), user('Three?')]);
});

test('a long conversation is shortened in few attempts, also if its text is too long to be counted', async () => {
  const history = Array.from({ length: 2000 }, (_, at) => (at % 2 === 0 ? user : assistant)(`message ${at}`));
  for (const most of [Infinity, 500]) {
    const { model, asked } = echo({ longest: 100 });
    const limited: AnsweringModel = {
      generate(messages, config) {
        const answer = model.generate(messages, config);
        if (messages.length <= most) return answer;
        const error = new WebVeraError('limit_exceeded', 'The chat template makes a text that is too long');
        const failed = async function* (): AsyncGenerator<GeneratedToken> {
          yield* [];
          throw error;
        };
        return failed() as unknown as Generation;
      },
    };
    const session = await LanguageModel.create({ model: limited, initialPrompts: [system] });
    await session.append(history);
    expect(await session.prompt('b')).toBe('98 messages');
    expect(asked.length).toBeLessThan(50);
  }
});

test('a prompt that fits only alone is answered in the room that is left, and a longer one rejects', async () => {
  const { model, asked } = echo({ longest: 4 });
  const session = await LanguageModel.create({ model, initialPrompts: [system] });
  await session.prompt('One?');
  const long = [user('Two?'), assistant('a'), user('b')];
  await expect(session.prompt([...long, assistant('c')])).rejects.toThrow('too long');
  const copy = await session.clone();
  expect(await session.prompt(long)).toBe('4 messages');
  // The call that rejected dropped nothing.
  expect(await copy.prompt('d')).toBe('2 messages');
  expect(asked.at(-2)?.messages).toEqual([system, user('One?'), assistant('2 messages'), user('d')]);
});

test('neighbouring messages of one role are read as one, because templates refuse them', async () => {
  const { model, asked } = echo();
  const session = await LanguageModel.create({ model, initialPrompts: [system, user('One.')] });
  const named = { ...user('Four.'), name: 'Ishmael' };
  await session.append([user('Two.'), assistant('a'), assistant('b'), user('Three.'), named]);
  await session.prompt('Five?');
  expect(asked[0]?.messages).toEqual([
    ...[system, user('One.\n\nTwo.'), assistant('a\n\nb')],
    ...[user('Three.'), named, user('Five?')],
  ]);
});

test('sampling is chosen by the names of the Prompt API', async () => {
  const { model, asked } = echo();
  await (await LanguageModel.create({ model })).prompt('a');
  await (await LanguageModel.create({ model, temperature: 0.7, topK: 3, max_new_tokens: 9, seed: 1 })).prompt('a');
  expect(asked[0]?.config).toMatchObject({ do_sample: false, max_new_tokens: 256 });
  expect(asked[1]?.config).toMatchObject({ do_sample: true, temperature: 0.7, top_k: 3, max_new_tokens: 9, seed: 1 });
});

test('changes to the options after `create` change nothing', async () => {
  const { model, asked } = echo();
  const options = { model, temperature: 0.7, initialPrompts: [system] };
  const session = await LanguageModel.create(options);
  Object.assign(options, { model: undefined, temperature: 0 });
  options.initialPrompts.push(user('Hello.'));
  await session.prompt('a');
  expect(asked[0]).toMatchObject({ messages: [system, user('a')], config: { temperature: 0.7 } });
});

test.each([{ temperature: 0, topK: 1 }, { topP: 0 }, { temperature: 0.7, topP: 0 }])(
  'options that leave the most probable token sample nothing: %j',
  async (options) => {
    const { model, asked } = echo();
    await (await LanguageModel.create({ model, ...options })).prompt('a');
    const signal = expect.any(AbortSignal);
    expect(asked[0]?.config).toEqual({ max_new_tokens: 256, do_sample: false, signal, [roomKey]: false });
  },
);

test('hints of refused options name no option that the Prompt API lacks', async () => {
  for (const options of [{ temperature: -1 }, { topP: -0.1 }]) {
    const created = LanguageModel.create({ model: echo().model, ...options });
    await expect(created).rejects.not.toMatchObject({ hint: expect.stringContaining('do_sample') });
  }
});

test.each([{ temperature: 1e-31 }, { topP: 1.5 }, { topK: -1 }, { repetition_penalty: 1e31 }])(
  'options that no answer could use are refused at once: %j',
  async (options) => {
    const created = LanguageModel.create({ model: echo().model, ...options });
    await expect(created).rejects.toMatchObject({ code: 'invalid_argument' });
  },
);

test('an answer is streamed in pieces', async () => {
  const session = await LanguageModel.create({ model: echo().model });
  const pieces: string[] = [];
  for await (const piece of session.promptStreaming('a')) pieces.push(piece);
  expect(pieces).toEqual(['1 ', 'messages']);
});

test('calls take effect in their order, awaited or not', async () => {
  const { model, asked } = echo({ hold: () => new Promise((resolve) => setTimeout(resolve)) });
  const session = await LanguageModel.create({ model });
  const answers = [session.prompt('a'), session.append('b'), session.prompt('c')];
  expect(await Promise.all(answers)).toEqual(['1 messages', undefined, '3 messages']);
  expect(asked[1]?.messages).toEqual([user('a'), assistant('1 messages'), user('b\n\nc')]);
});

test('a clone has a copy of the conversation so far', async () => {
  const session = await LanguageModel.create({ model: echo().model });
  await session.prompt('a');
  const copy = await session.clone();
  expect(await copy.prompt('b')).toBe('3 messages');
  session.destroy();
  await expect(session.prompt('c')).rejects.toMatchObject({ name: 'AbortError' });
  expect(await copy.prompt('c')).toBe('5 messages');
});

test('an answer that fails leaves the conversation as it was', async () => {
  const failure = new Error('no chat template');
  const { model } = echo({
    hold: async () => {
      throw failure;
    },
  });
  const session = await LanguageModel.create({ model });
  await expect(session.prompt('a')).rejects.toBe(failure);
  const copy = await session.clone();
  await expect(copy.prompt('b')).rejects.toBe(failure);
});

test.each([
  ['no model', {}, 'LanguageModel.create: model: expected a model or a profile'],
  ['nothing', undefined, 'LanguageModel.create: model: expected a model or a profile'],
  [
    'an option of the browser’s API',
    { model: echo().model, tools: [] },
    "unknown or not yet supported argument 'tools'",
  ],
  ['messages of another form', { model: echo().model, initialPrompts: [{ content: 'a' }] }, 'initialPrompts[0]: role'],
])('%s is refused', async (_, options, message) => {
  await expect(LanguageModel.create(options as never)).rejects.toThrow(message);
});

test('parts of a message are joined, in prompts and at the beginning', async () => {
  const { model, asked } = echo();
  const parts = (...texts: string[]) => texts.map((value) => ({ type: 'text' as const, value }));
  const session = await LanguageModel.create({
    model,
    initialPrompts: [{ ...system, content: parts('Be ', 'brief.') }],
  });
  await session.prompt([{ role: 'user', content: parts('One', '?') }]);
  expect(asked[0]?.messages).toEqual([system, user('One?')]);
  const image = { role: 'user', content: [{ type: 'image', value: new Blob() }] };
  await expect(session.prompt([image as never])).rejects.toMatchObject({
    message: expect.stringMatching(/^prompt: input\[0\]: content: expected a text or parts of the form/),
    hint: 'Only texts are supported.',
  });
});

test('texts may be expected, in any language, and nothing else', async () => {
  const { model } = echo();
  const texts = [{ type: 'text', languages: ['en', 'es'] }, { type: 'text' }] as const;
  expect(await LanguageModel.availability({ expectedInputs: texts, expectedOutputs: texts })).toBe('available');
  expect(await LanguageModel.availability()).toBe('available');
  await (await LanguageModel.create({ model, expectedInputs: texts, expectedOutputs: texts })).prompt('a');
  for (const expectedInputs of [[{ type: 'image' }], [{ type: 'text', size: 3 }], { type: 'text' }, null] as never[]) {
    expect(await LanguageModel.availability({ expectedInputs })).toBe('unavailable');
    await expect(LanguageModel.create({ model, expectedInputs })).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: 'Only texts are supported.',
    });
  }
  await expect(LanguageModel.availability({ tools: [] } as object)).rejects.toThrow("argument 'tools'");
});

test('a monitor gets the events of a model that is loaded', async () => {
  const loaded: unknown[] = [];
  const monitor = (events: EventTarget): void =>
    events.addEventListener('downloadprogress', (event) => {
      const { loaded: share, total } = event as ProgressEvent;
      loaded.push([share, total]);
    });
  const session = await LanguageModel.create({ model: echo().model, monitor });
  await session.clone();
  expect(loaded).toEqual([
    [0, 1],
    [1, 1],
  ]);
});

test('members that are missing have hints', async () => {
  const session = (await LanguageModel.create({ model: echo().model })) as never as Record<string, () => unknown>;
  expect(() => session.inputUsage).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('apply_chat_template') }),
  );
  expect(() => session.measureInputUsage?.()).toThrow('There is no measureInputUsage() here');
  expect(() => session.addEventListener?.()).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('no events: the oldest prompts are dropped') }),
  );
});

test('a prompt that is neither text nor messages is refused', async () => {
  const session = await LanguageModel.create({ model: echo().model });
  await expect(session.prompt(7 as never)).rejects.toMatchObject({ code: 'invalid_argument' });
  expect(() => session.promptStreaming([] as never)).toThrow('promptStreaming: input');
  const begun = { role: 'assistant', content: '{"name":', prefix: true };
  await expect(session.prompt([{ role: 'user', content: 'a' }, begun])).rejects.toMatchObject({
    code: 'invalid_argument',
    hint: expect.stringContaining('prefix'),
  });
});
