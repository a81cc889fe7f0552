import { customProvider, generateText, jsonSchema, Output, streamText, tool } from 'ai';
import { expect, test } from 'vitest';
import { languageModel } from '../../src/ai';
import { tokenizer, writer } from './writer';

test('a text is generated from a conversation, with usage and the reason why it ended', async () => {
  const { model, asked } = writer('By Ahab.');
  const { text, usage, finishReason, warnings } = await generateText({
    model: languageModel(model),
    system: 'Be brief.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Who ' },
          { type: 'text', text: 'hunts?' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.' },
          { type: 'text', text: 'Ahab.' },
        ],
      },
      { role: 'user', content: 'By whom is it hunted?' },
    ],
  });
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Who hunts?' },
    { role: 'assistant', content: 'Ahab.' },
    { role: 'user', content: 'By whom is it hunted?' },
  ];
  expect(asked).toEqual([
    { input: messages, config: expect.objectContaining({ max_new_tokens: 256, do_sample: false }) },
  ]);
  const inputTokens = (await tokenizer.apply_chat_template(messages, { add_generation_prompt: true })).length;
  expect({ text, finishReason, warnings }).toEqual({ text: 'By Ahab.', finishReason: 'stop', warnings: [] });
  expect(usage).toMatchObject({ inputTokens, outputTokens: 9, totalTokens: inputTokens + 9 });
});

test('settings reach the model by its own names', async () => {
  const { model, asked } = writer('a');
  const call = { model: languageModel(model), prompt: 'b' };
  await generateText({
    ...call,
    temperature: 0.7,
    topK: 3,
    topP: 0.9,
    seed: 5,
    maxOutputTokens: 9,
    stopSequences: ['.'],
  });
  await generateText({ ...call, temperature: 0, topK: 3 });
  await generateText({ ...call, providerOptions: { webvera: { repetition_penalty: 1.2 } } });
  const config = {
    temperature: 0.7,
    top_k: 3,
    top_p: 0.9,
    seed: 5,
    max_new_tokens: 9,
    stop_strings: ['.'],
    do_sample: true,
  };
  expect(asked[0]?.config).toMatchObject(config);
  expect(asked[1]?.config).toMatchObject({ do_sample: false });
  expect(asked[1]?.config).not.toHaveProperty('temperature');
  expect(asked[2]?.config).toMatchObject({ repetition_penalty: 1.2, do_sample: false });
  await generateText({ ...call, providerOptions: { webvera: { do_sample: true, max_new_tokens: 7 } } });
  expect(asked[3]?.config).toMatchObject({ do_sample: true, max_new_tokens: 7 });
  await generateText({ ...call, temperature: 0.7, topP: 0 });
  expect(asked[4]?.config).toMatchObject({ do_sample: false });
  expect(asked[4]?.config).not.toHaveProperty('top_p');
});

test('sampled calls without a seed have a random one, and other calls none', async () => {
  const { model, asked } = writer('a');
  const call = { model: languageModel(model), prompt: 'b', temperature: 0.7 };
  for (let time = 0; time < 3; time++) await generateText(call);
  await generateText({ ...call, temperature: 0 });
  await generateText({ ...call, seed: 0 });
  await generateText({ ...call, providerOptions: { webvera: { seed: 6 } } });
  const seeds = asked.map(({ config }) => config.seed);
  const random = seeds.slice(0, 3);
  expect(new Set(random).size).toBeGreaterThan(1);
  for (const seed of random)
    expect(seed).toSatisfy((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32);
  expect(seeds.slice(3)).toEqual([undefined, 0, 6]);
});

test.each([
  ['at its end', {}, {}, 'stop'],
  ['at its end, with the last token that it may have', {}, { maxOutputTokens: 4 }, 'stop'],
  ['at the most tokens', { ends: false }, { maxOutputTokens: 3 }, 'length'],
  ['at the most tokens, before its end', {}, { maxOutputTokens: 3 }, 'length'],
  ["at the model's longest text", { longest: 2 }, {}, 'length'],
  [
    'at a stop sequence, with the last token that it may have',
    { ends: false },
    { stopSequences: ['c'], maxOutputTokens: 3 },
    'stop',
  ],
] as const)('a text that ends %s says so', async (_, options, settings, reason) => {
  const { stopSequences, ...others } = { stopSequences: [] as readonly string[], ...settings };
  const model = languageModel(writer('abc', options).model);
  const { finishReason } = await generateText({ model, prompt: 'b', ...others, stopSequences: [...stopSequences] });
  expect(finishReason).toBe(reason);
});

test('a text is streamed in pieces, without the stop sequence', async () => {
  const { model } = writer('One. Two? No!');
  const { textStream, usage, finishReason } = streamText({
    model: languageModel(model),
    prompt: 'b',
    stopSequences: ['? Yes', '? No'],
  });
  const pieces: string[] = [];
  for await (const piece of textStream) pieces.push(piece);
  expect(pieces).toEqual([...'One. Two']);
  expect(await finishReason).toBe('stop');
  expect(await usage).toMatchObject({ outputTokens: 12 });
});

test('a stop sequence begins in the answer, not in the prompt', async () => {
  const { model, asked } = writer('\nOne.\n\nTwo.');
  const stopSequences = ['\n\n', '.T', '<end>'];
  const { text, usage, finishReason } = await generateText({
    model: languageModel(model, { chat: false }),
    prompt: 'By whom?\n',
    stopSequences,
  });
  expect({ text, finishReason, outputTokens: usage.outputTokens }).toEqual({
    text: '\nOne.',
    finishReason: 'stop',
    outputTokens: 7,
  });
  // The model finds the others, of which special tokens are not in the text of an answer.
  expect(asked[0]?.config.stop_strings).toEqual(['.T', '<end>']);
  expect(asked[0]?.config.signal?.aborted).toBe(true);

  const call = { prompt: 'b', stopSequences };
  const ends = { ...tokenizer, decode: async (ids: readonly number[]) => `${ids.length} <e` };
  expect(await generateText({ model: languageModel(model, { tokenizer: ends }), ...call })).toMatchObject({
    text: '\nOne.',
  });
  await generateText({ model: languageModel(model), ...call });
  expect(asked.slice(1).map(({ config }) => config.stop_strings)).toEqual([['\n\n', '.T'], stopSequences]);
});

test('what looked like a stop sequence is written in the end', async () => {
  const { model } = writer('Two? N');
  const { text } = await generateText({ model: languageModel(model), prompt: 'b', stopSequences: ['? No'] });
  expect(text).toBe('Two? N');
});

test('an aborted call rejects, and ends the stream', async () => {
  const controller = new AbortController();
  const { model, asked } = writer('abc', { hold: async () => controller.abort() });
  const call = { model: languageModel(model), prompt: 'b', abortSignal: controller.signal };
  await expect(generateText(call)).rejects.toMatchObject({ name: 'AbortError' });

  const other = new AbortController();
  const hold = () => new Promise<void>((resolve) => other.signal.addEventListener('abort', () => resolve()));
  const held = writer('abc', { hold });
  let isAborted = false;
  const stream = streamText({
    model: languageModel(held.model),
    prompt: 'b',
    abortSignal: other.signal,
    onAbort: () => {
      isAborted = true;
    },
  });
  const pieces: string[] = [];
  for await (const piece of stream.textStream) {
    pieces.push(piece);
    other.abort();
  }
  expect(pieces).toEqual(['a']);
  expect(isAborted).toBe(true);
  expect([asked, held.asked].map(([one]) => one?.config.signal?.aborted)).toEqual([true, true]);
});

test('an error of the model rejects a text, and is a part of a stream', async () => {
  const error = new Error('the device is lost');
  const call = { model: languageModel(writer('abc', { error }).model), prompt: 'b' };
  await expect(generateText(call)).rejects.toBe(error);
  const seen: unknown[] = [];
  const { textStream, finishReason } = streamText({ ...call, onError: ({ error: cause }) => void seen.push(cause) });
  for await (const _ of textStream);
  expect(seen).toEqual([error]);
  expect(await finishReason).toBe('error');
});

test('unsupported settings are warnings', async () => {
  const { model } = writer('{}');
  const { warnings } = await generateText({
    model: languageModel(model),
    prompt: 'b',
    presencePenalty: 1,
    frequencyPenalty: 1,
    output: Output.json(),
    tools: { look: tool({ inputSchema: jsonSchema({ type: 'object' }) }) },
  });
  const { warnings: more } = await languageModel(model).doGenerate({
    prompt: [{ role: 'user', content: 'b' }],
    toolChoice: { type: 'required' },
    reasoning: 'high',
  });
  const features = [...(warnings ?? []), ...more].map((warning) => 'feature' in warning && warning.feature);
  expect(features).toEqual([
    'presencePenalty',
    'frequencyPenalty',
    'responseFormat',
    'tools',
    'toolChoice',
    'reasoning',
  ]);
});

test('neighbouring messages of one role are joined, because templates refuse them', async () => {
  const { model, asked } = writer('a');
  const texts = ['One.', 'Two.'];
  const messages = (['user', 'assistant', 'user'] as const).flatMap((role) =>
    texts.map((content) => ({ role, content })),
  );
  await generateText({ model: languageModel(model), system: 'Be brief.', messages });
  const content = 'One.\n\nTwo.';
  expect(asked[0]?.input).toEqual([
    { role: 'system', content: 'Be brief.' },
    ...['user', 'assistant', 'user'].map((role) => ({ role, content })),
  ]);
  const plain = languageModel(model, { chat: false });
  await expect(generateText({ model: plain, messages: messages.slice(0, 2) })).rejects.toThrow(
    'messages of user, user',
  );
});

test('files and tools in a prompt are refused', async () => {
  const model = languageModel(writer('a').model);
  const image = { type: 'file', mediaType: 'image/png', data: new Uint8Array([137]) } as const;
  await expect(generateText({ model, messages: [{ role: 'user', content: [image] }] })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: "prompt: expected texts, got a part 'file' of the role 'user'",
  });
});

test('a model without conversations continues a text', async () => {
  const { model, asked } = writer('a');
  const plain = languageModel(model, { chat: false });
  const { usage } = await generateText({ model: plain, prompt: 'Call me' });
  expect(asked[0]?.input).toBe('Call me');
  expect(usage.inputTokens).toBe(7);
  await expect(generateText({ model: plain, system: 'Be brief.', prompt: 'Call me' })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: 'prompt: expected one message of the user, got messages of system, user',
  });
});

test('without a tokenizer the prompt’s tokens are unknown', async () => {
  const { model } = writer('a');
  const { generate } = model;
  const { usage } = await generateText({ model: languageModel({ generate }), prompt: 'b' });
  expect(usage).toMatchObject({ inputTokens: undefined, outputTokens: 2 });
});

test('a prompt whose tokens can’t be counted has an answer all the same', async () => {
  const { model, asked } = writer('a');
  const apply_chat_template = () => Promise.reject(new Error('timeout'));
  const counter = { ...tokenizer, apply_chat_template };
  const { text, usage } = await generateText({ model: languageModel(model, { tokenizer: counter }), prompt: 'b' });
  expect({ text, inputTokens: usage.inputTokens }).toEqual({ text: 'a', inputTokens: undefined });
  // A stop sequence reads the prompt, too.
  const decode = async () => '';
  const call = {
    model: languageModel(model, { tokenizer: { ...counter, decode } }),
    prompt: 'b',
    stopSequences: ['.'],
  };
  expect(await generateText(call)).toMatchObject({ text: 'a' });
  expect(asked.at(-1)?.config.stop_strings).toEqual(['.']);
});

test('models have names, by which a provider gives them', async () => {
  const provider = customProvider({ languageModels: { mine: languageModel(writer('a').model, { modelId: 'mine' }) } });
  const { response, text } = await generateText({ model: provider.languageModel('mine'), prompt: 'b' });
  expect({ text, modelId: response.modelId }).toEqual({ text: 'a', modelId: 'mine' });
});
