import { afterEach, describe, expect, test, vi } from 'vitest';
import type { FakeSession, Script } from '../../worker/fake_session';
import { loaded, modelInfo } from '../session/open_session';

afterEach(() => vi.unstubAllGlobals());

describe('a generation', () => {
  const scripted = (fake: () => FakeSession): Script => ({
    async generate(call) {
      fake().emit({ type: 'token', call, row: 0, token_id: 5, text: 'ab' });
      fake().emit({ type: 'token', call, row: 0, token_id: 6, text: 'c' });
      return ['abc'];
    },
  });

  test('has its prompt as it was given', async () => {
    const { model } = await loaded(scripted);
    const messages = [{ role: 'user', content: 'Who?' }];
    const generation = model.generate(messages);
    messages.push({ role: 'assistant', content: await generation });
    for (const message of messages) message.content = 'changed';
    expect(generation.prompt).toEqual([{ role: 'user', content: 'Who?' }]);
  });

  test('may have messages whose fields are accessors', async () => {
    class Message {
      get role() {
        return 'user';
      }
      get content() {
        return 'Who?';
      }
    }
    const { model } = await loaded(scripted);
    const generation = model.generate([new Message()]);
    await generation;
    expect(generation.prompt).toEqual([{ role: 'user', content: 'Who?' }]);
  });

  test('can be iterated and awaited, in either order and more than once', async () => {
    const { model, session, fake } = await loaded(scripted);
    const generation = model.generate('once', { max_new_tokens: 2 });
    expect(await generation).toBe('abc');
    for (let pass = 0; pass < 2; pass++) {
      const tokens: unknown[] = [];
      for await (const token of generation) tokens.push(token);
      expect(tokens).toEqual([
        { token_id: 5, text: 'ab' },
        { token_id: 6, text: 'c' },
      ]);
    }
    expect(fake.argsOf('generate')[0]?.slice(1)).toEqual([
      modelInfo.model,
      ['once'],
      {
        max_new_tokens: 2,
        do_sample: false,
        temperature: 1,
        top_k: 50,
        top_p: 1,
        repetition_penalty: 1,
        seed: 42,
        stop_strings: [],
        eos_token_id: undefined,
      },
    ]);
    await session.close();
  });

  test('takes token ids, and settings for its end', async () => {
    const { model, session, fake } = await loaded(scripted);
    await model.generate([1, 2], { eos_token_id: 3, do_sample: true, seed: 0, top_k: 0 });
    await model.generate([1, 2], { eos_token_id: null, top_p: 0.9, repetition_penalty: 1.2, stop_strings: ['.'] });
    expect(fake.argsOf('generate').map((args) => args[2])).toEqual([[[1, 2]], [[1, 2]]]);
    expect(fake.argsOf('generate').map((args) => (args[3] as { eos_token_id: unknown }).eos_token_id)).toEqual([
      [3],
      null,
    ]);
    expect(fake.argsOf('generate')[1]?.[3]).toMatchObject({ top_p: 0.9, repetition_penalty: 1.2, stop_strings: ['.'] });
    await session.close();
  });

  test('that samples nothing ignores the settings of sampling, as transformers does', async () => {
    const { model, session, fake } = await loaded(scripted);
    const config = { do_sample: false, temperature: 0, top_p: 0 };
    await model.generate([1], config);
    await model.generate_batch([[1]], config);
    expect(fake.argsOf('generate').map((args) => args[3])).toMatchObject([{ do_sample: false }, { do_sample: false }]);
    for (const wrong of [{ temperature: -1 }, { temperature: Number.NaN }, { top_p: -0.1 }]) {
      const refused = model.generate([1], { do_sample: false, ...wrong });
      await expect(refused).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    await session.close();
  });

  test('warns once about settings that have no effect without do_sample', async () => {
    const { model, session } = await loaded(scripted);
    const warnings: string[] = [];
    session.addEventListener('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));
    await model.generate([1], { temperature: 0.7, top_k: 50, top_p: 0.9 });
    await model.generate_batch([[1], [2]], { top_k: 3 });
    const message = 'not_sampled: generate: without do_sample: true there is no effect of';
    expect(warnings.splice(0)).toEqual([`${message} temperature, top_p`, `${message} top_k`]);
    await model.generate([1], { temperature: 1, top_k: 50, top_p: 1 });
    await model.generate([1], { do_sample: true, temperature: 0.7 });
    await model.generate([1], { do_sample: false, temperature: 0.7 });
    expect(warnings).toEqual([]);
    await session.close();
  });

  test('of messages sends the fields that templates write', async () => {
    const { model, session, fake } = await loaded(scripted);
    const messages = [{ role: 'user', content: 'Hello', name: 'Ada', id: 3, thinking: null as never, tool_calls: [] }];
    await model.generate(messages);
    await model.generate_batch([messages, 'The whale', [1]]);
    const plain = { messages: [{ role: 'user', content: 'Hello', name: 'Ada' }] };
    expect(fake.argsOf('generate').map((args) => args[2])).toEqual([[plain], [plain, 'The whale', [1]]]);
    await session.close();
  });

  test.each<[string, unknown, RegExp]>([
    ['content that is no text', [{ role: 'user', content: 3 }], /input\[0\]: content: expected a string, got 3/],
    ['no role', [{ content: 'Hello' }], /input\[0\]: role: expected a string, got undefined/],
    ['a text among them', [{ role: 'user', content: 'a' }, 'b'], /input\[1\]: expected \{ role, content \}, got 'b'/],
  ])('refuses messages with %s', async (_case, input, message) => {
    const { model, session } = await loaded(scripted);
    await expect(model.generate(input as string)).rejects.toMatchObject({ code: 'invalid_argument', message });
    await session.close();
  });

  test('of messages needs a tokenizer', async () => {
    const { model, session } = await loaded(() => ({
      loadModel: async () => ({ ...modelInfo, tokenizer: undefined }),
    }));
    const asked = model.generate([{ role: 'user', content: 'Hello' }]);
    await expect(asked).rejects.toMatchObject({ message: expect.stringContaining('came without a tokenizer') });
    await session.close();
  });

  test.each<[string, object, RegExp]>([
    ['no tokens', { max_new_tokens: 0 }, /max_new_tokens: expected an integer from 1, got 0/],
    ['a temperature of 0', { do_sample: true, temperature: 0 }, /temperature: expected a number from 1e-30, got 0/],
    ['one that float32 takes for 0', { do_sample: true, temperature: 1e-39 }, /from 1e-30, got 1e-39/],
    ['what is not there yet', { min_p: 0.1 }, /not yet supported argument 'min_p'/],
    ['no part of the probability', { top_p: 0 }, /top_p: expected a number above 0, at most 1, got 0/],
    ['more than all of it', { top_p: 1.1 }, /top_p: expected a number above 0, at most 1, got 1.1/],
    ['what is no number', { top_p: Number.NaN }, /top_p: expected a number above 0, at most 1, got NaN/],
    ['a penalty of 0', { repetition_penalty: 0 }, /repetition_penalty: expected a number from 1e-30 to 1e\+30, got 0/],
    ['one without end', { repetition_penalty: Number.POSITIVE_INFINITY }, /to 1e\+30, got Infinity/],
    ['one in words', { repetition_penalty: '1.2' }, /to 1e\+30, got '1.2'/],
    [
      'a stop string by itself',
      { stop_strings: 'x' },
      /stop_strings: expected an array of at most 64 strings of 1 to 1024/,
    ],
    ['an empty one', { stop_strings: ['a', ''] }, /stop_strings: expected an array/],
    ['a list with a gap', { stop_strings: new Array(1) }, /stop_strings: expected an array/],
    ['what is no string', { stop_strings: [1] }, /stop_strings: expected an array/],
    ['too many', { stop_strings: Array(65).fill('a') }, /stop_strings: expected an array/],
    ['too long ones', { stop_strings: ['a'.repeat(1025)] }, /stop_strings: expected an array/],
    ['an id that is none', { eos_token_id: [1.5] }, /eos_token_id: expected an integer from 0, or a list of token ids/],
  ])('refuses %s', async (_case, config, message) => {
    const { model, session } = await loaded(scripted);
    await expect(model.generate([1], config)).rejects.toMatchObject({ code: 'invalid_argument', message });
    await session.close();
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^The text comes first.*generate\('The whale', \{ max_new_tokens: 40 \}\)/],
    ['options alone', { max_new_tokens: 4 }, /^The text comes first/],
    ['what a tokenizer of another library gives', { input_ids: [[1]] }, /generate\(input_ids\[0\]/],
    ['a tensor of another library', { dims: [1, 1], data: BigInt64Array.of(1n) }, /generate\(tensor\.data, /],
    ['several texts', ['a', 'b'], /generate_batch/],
    ['several rows', [[1], [2]], /generate_batch/],
    ['ids that are on their way', Promise.resolve([1]), /await/],
  ])('of %s is refused with a hint of the possible inputs', async (_case, input, hint) => {
    const { model, session } = await loaded(scripted);
    await expect(model.generate(input as string)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^generate: input: expected a text, messages or an array of token ids, got /),
      hint: expect.stringMatching(hint),
    });
    await session.close();
  });

  test('aborted, gives its text so far and then the reason, to readers and awaiting callers', async () => {
    const { model, session } = await loaded((fake) => ({
      generate(call) {
        fake().emit({ type: 'token', call, row: 0, token_id: 5, text: 'ab' });
        return fake().untilCancelled(call);
      },
    }));
    const controller = new AbortController();
    const reason = new Error('enough');
    const generation = model.generate('once', { signal: controller.signal });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { token_id } of generation) {
        seen.push(token_id);
        controller.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    await expect(generation).rejects.toBe(reason);
    expect(seen).toEqual([5]);
    await session.close();
  });

  test('tells with its last token why the text ended', async () => {
    const { model, session } = await loaded((fake) => ({
      async generate(call) {
        fake().emit({ type: 'token', call, row: 0, token_id: 5, text: 'ab', end: undefined });
        fake().emit({ type: 'token', call, row: 0, token_id: 6, text: 'c', end: 'length' });
        return ['abc'];
      },
    }));
    const tokens: unknown[] = [];
    for await (const token of model.generate('once')) tokens.push(token);
    expect(tokens).toStrictEqual([
      { token_id: 5, text: 'ab' },
      { token_id: 6, text: 'c', end: 'length' },
    ]);
    await session.close();
  });

  test('of a batch reports tokens by row, and gives texts in order', async () => {
    const { model, session, fake } = await loaded((current) => ({
      async generate(call) {
        current().emit({ type: 'token', call, row: 1, token_id: 5, text: 'x' });
        current().emit({ type: 'token', call, row: 0, token_id: 6, text: 'y' });
        return ['y', 'x'];
      },
    }));
    const batch = model.generate_batch(['once', [1, 2]], { adapter_names: ['a', '__base__'], max_new_tokens: 1 });
    expect(await batch).toEqual(['y', 'x']);
    const tokens: unknown[] = [];
    for await (const token of batch) tokens.push(token);
    expect(tokens).toEqual([
      { row: 1, token_id: 5, text: 'x' },
      { row: 0, token_id: 6, text: 'y' },
    ]);
    expect(fake.argsOf('generate')[0]?.slice(1)).toMatchObject([
      modelInfo.model,
      ['once', [1, 2]],
      { adapter_names: ['a', '__base__'], max_new_tokens: 1 },
    ]);
    await session.close();
  });

  test.each<[string, unknown, object, RegExp]>([
    [
      'one prompt by itself',
      'once',
      {},
      /generate_batch: prompts: expected an array of at least one prompt, got 'once'/,
    ],
    ['no prompts', [], {}, /an array of at least one prompt, got an array of 0/],
    ['a prompt that is none', [[1], [1.5]], {}, /prompts\[1\]\[0\]: expected an integer from 0, got 1.5/],
    ['names that are no list', [[1]], { adapter_names: 'a' }, /adapter_names: expected a list of names/],
    ['two ways to name adapters', [[1]], { adapter_name: 'a', adapter_names: ['a'] }, /adapter_name or adapter_names/],
    ['an unknown argument', [[1]], { num_beams: 4 }, /not yet supported argument 'num_beams'/],
  ])('of a batch refuses %s', async (_case, prompts, config, message) => {
    const { model, session, fake } = await loaded(scripted);
    const refused = { code: 'invalid_argument', message };
    await expect(model.generate_batch(prompts as never, config)).rejects.toMatchObject(refused);
    expect(fake.argsOf('generate')).toEqual([]);
    await session.close();
  });
});
