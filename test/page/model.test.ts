import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ModelSource } from '../../src/core/source';
import { AutoModelForCausalLM, AutoTokenizer } from '../../src/page/auto_classes';
import type { PreTrainedModel } from '../../src/page/model';
import type { PretrainedOptions } from '../../src/page/source';
import type { FakeSession, Script } from '../worker/fake_session';
import { modelInfo, type Opened, openSession } from './open_session';

afterEach(() => vi.unstubAllGlobals());

async function loaded(
  script: (fake: () => FakeSession) => Script = () => ({}),
): Promise<Opened & { model: PreTrainedModel }> {
  const opened = await openSession((fake) => ({ loadModel: async () => modelInfo, ...script(fake) }));
  const model = await AutoModelForCausalLM.from_pretrained('org/name', { session: opened.session });
  return Object.assign(opened, { model });
}

describe('loading a model', () => {
  test('gives its config, tokenizer and modules', async () => {
    const { model, session } = await loaded();
    expect(model.config).toEqual({ model_type: 'llama', hidden_size: 8 });
    expect(model.tokenizer).toMatchObject({ vocab_size: 16, bos_token_id: 1, eos_token_id: 2, pad_token_id: null });
    expect(model.named_modules()).toEqual(modelInfo.modules);
    await session.close();
  });

  const files = new Map([['config.json', new Blob(['{}'])]]);
  test.each<[string, ModelSource, unknown]>([
    ['a repository', 'org/name', 'org/name'],
    ['a folder', new URL('https://example.com/models/a/'), { url: 'https://example.com/models/a/' }],
    ['the same as text', 'https://example.com/models/a/', { url: 'https://example.com/models/a/' }],
    ['a revision', { repo: 'org/name', revision: 'v1' }, { repo: 'org/name', revision: 'v1' }],
    ['files', { files }, { files }],
  ])('takes %s', async (_case, source, wire) => {
    const { session, fake } = await openSession(() => ({
      loadTokenizer: async () => ({ ...modelInfo.tokenizer, tokenizer: 2 }) as never,
    }));
    await AutoTokenizer.from_pretrained(source, { session });
    expect(fake.argsOf('loadTokenizer')[0]?.[1]).toEqual(wire);
    await session.close();
  });

  test.each([
    ['/models/a/', 'https://example.com/models/a/'],
    ['./a', 'https://example.com/shop/a'],
    ['../a/', 'https://example.com/a/'],
    ['.', 'https://example.com/shop/'],
    ['//cdn.example/a/', 'https://cdn.example/a/'],
  ])('takes %s as the page has it', async (source, url) => {
    for (const [name, page] of [
      ['document', { baseURI: 'https://example.com/shop/page' }],
      ['location', new URL('https://example.com/shop/worker.js')],
    ] as const) {
      vi.stubGlobal(name, page);
      const { session, fake } = await openSession(() => ({ loadModel: async () => modelInfo }));
      await AutoModelForCausalLM.from_pretrained(source, { session });
      expect(fake.argsOf('loadModel')[0]?.[1]).toEqual({ url });
      await session.close();
      vi.unstubAllGlobals();
    }
  });

  test('refuses such an address where there is no page, and tells what to do', async () => {
    const { session } = await openSession();
    await expect(AutoModelForCausalLM.from_pretrained('./a/', { session })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: /no page to start from, got '.\/a\/'$/,
      hint: expect.stringMatching(/https:.*openFolder.*\{ files/),
    });
    for (const path of ['C:\\models\\a', 'd:/a', 'file:///models/a']) {
      await expect(AutoModelForCausalLM.from_pretrained(path, { session })).rejects.toMatchObject({
        message: expect.stringContaining('an address on the web'),
        hint: expect.stringContaining("from 'webvera/node'"),
      });
    }
    await session.close();
  });

  test.each([
    ['the names of a list', [new Blob()], /^Files go by their names/],
    ['the name of a file', new Blob(), /^Files go by their names/],
    ['a form that it knows', { url: './a' }, /'\.\/models\/mine\/' or new URL/],
  ])('asks for %s', async (_case, source, hint) => {
    const { session } = await openSession();
    const loading = AutoModelForCausalLM.from_pretrained(source as unknown as ModelSource, { session });
    await expect(loading).rejects.toMatchObject({ code: 'invalid_argument', hint: expect.stringMatching(hint) });
    await session.close();
  });

  test.each<[string, unknown, RegExp]>([
    ['no source', undefined, /^source: expected 'org\/name'/],
    ['an empty name', '', /^source/],
    ['an object of another form', { name: 'a' }, /got an object with name/],
    ['files that are no Map', { files: { 'config.json': new Blob() } }, /^source.files: expected a Map/],
    [
      'files that are no Blobs',
      { files: new Map([['config.json', 'text']]) },
      /config.json: expected a Blob, got 'text'/,
    ],
  ])('refuses %s', async (_case, source, message) => {
    const { session } = await openSession();
    const loading = AutoModelForCausalLM.from_pretrained(source as ModelSource, { session });
    await expect(loading).rejects.toMatchObject({ code: 'invalid_argument', message });
    await session.close();
  });

  test.each<[string, object, RegExp]>([
    ['a dtype that is not there yet', { dtype: 'q4' }, /dtype: expected 'auto' or 'float32' or 'float16', got 'q4'/],
    ['an unknown option', { device: 'webgpu' }, /unknown or not yet supported argument 'device'/],
    ['a session that is none', { session: {} }, /session: expected a Session/],
  ])('refuses %s', async (_case, options, message) => {
    const loading = AutoModelForCausalLM.from_pretrained('org/name', options as PretrainedOptions);
    await expect(loading).rejects.toMatchObject({ code: 'invalid_argument', message });
  });

  test('reports its own progress, and sends the revision along', async () => {
    const { session, fake } = await openSession((current) => ({
      async loadModel(call) {
        current().emit({ type: 'progress', call, info: { status: 'upload', name: 'a', progress: 50 } });
        current().emit({ type: 'progress', call: call + 1, info: { status: 'upload', name: 'other', progress: 1 } });
        return modelInfo;
      },
    }));
    const progress_callback = vi.fn();
    await AutoModelForCausalLM.from_pretrained('org/name', { session, progress_callback, revision: 'v1' });
    expect(progress_callback.mock.calls).toEqual([[{ status: 'upload', name: 'a', progress: 50 }]]);
    expect(fake.argsOf('loadModel')[0]?.[2]).toEqual({ progress: true, revision: 'v1' });
    await session.close();
  });

  test('ends with what a progress callback throws', async () => {
    const { session } = await openSession((fake) => ({
      loadModel(call) {
        fake().emit({ type: 'progress', call, info: { status: 'upload', name: 'a', progress: 50 } });
        return fake().untilCancelled(call);
      },
    }));
    const slip = new Error('in the callback');
    const progress_callback = (): never => {
      throw slip;
    };
    await expect(AutoModelForCausalLM.from_pretrained('a/b', { session, progress_callback })).rejects.toBe(slip);
    await session.close();
  });

  test('aborted, is cancelled in the worker and rejects with the reason', async () => {
    const { session, fake } = await openSession((current) => ({ loadModel: (call) => current().untilCancelled(call) }));
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const loading = AutoModelForCausalLM.from_pretrained('a/b', { session, signal: controller.signal });
    await vi.waitFor(() => expect(fake.argsOf('loadModel')).toHaveLength(1));
    controller.abort(reason);
    await expect(loading).rejects.toBe(reason);
    expect(fake.argsOf('cancel')).toEqual([[fake.argsOf('loadModel')[0]?.[0]]]);
    await session.close();
  });

  test('aborted too late, frees the model that came', async () => {
    const controller = new AbortController();
    const { session, fake } = await openSession(() => ({
      async loadModel() {
        controller.abort(new Error('too late'));
        await new Promise((resolve) => setTimeout(resolve, 10));
        return modelInfo;
      },
      disposeModel: async () => {},
    }));
    const loading = AutoModelForCausalLM.from_pretrained('a/b', { session, signal: controller.signal });
    await expect(loading).rejects.toThrow('too late');
    await vi.waitFor(() => expect(fake.argsOf('disposeModel')).toEqual([[modelInfo.model]]));
    await session.close();
  });

  test('aborted, does not wait for a worker that is deaf', async () => {
    const controller = new AbortController();
    const { session, fake } = await openSession(() => ({ loadModel: () => new Promise(() => {}) }));
    const loading = AutoModelForCausalLM.from_pretrained('a/b', { session, signal: controller.signal });
    await vi.waitFor(() => expect(fake.argsOf('loadModel')).toHaveLength(1));
    const start = performance.now();
    controller.abort();
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - start).toBeLessThan(1000);
    await session.close();
  });
});

describe('a model', () => {
  const logits = { dims: [1, 2, 1], data: Float32Array.of(1, 2) };

  test('takes nested arrays and flat ones', async () => {
    const { model, session, fake } = await loaded(() => ({ forward: async () => ({ logits, loss: 0.5 }) }));
    expect(await model.forward({ input_ids: [[1, 2]], labels: { dims: [1, 2], data: [-100, 2] } })).toEqual({
      logits: { dims: [1, 2, 1], data: Float32Array.of(1, 2) },
      loss: 0.5,
    });
    expect(fake.argsOf('forward')[0]?.slice(1)).toEqual([
      modelInfo.model,
      {
        input_ids: { dims: [1, 2], data: Int32Array.of(1, 2) },
        labels: { dims: [1, 2], data: Int32Array.of(-100, 2) },
      },
    ]);
    await session.close();
  });

  test.each<[string, object, RegExp]>([
    ['no ids', {}, /input_ids: expected one array of ids per row/],
    ['no rows', { input_ids: [] }, /at least one row/],
    ['rows without ids', { input_ids: [[], []] }, /at least one row and one column/],
    ['ragged rows', { input_ids: [[1, 2], [3]] }, /rows of 2 entries, as the first, got '1 in row 1'/],
    ['a fraction', { input_ids: [[1, 2.5]] }, /input_ids\[0\]\[1\]: expected an integer, got 2.5/],
    ['NaN', { input_ids: [[Number.NaN]] }, /input_ids\[0\]\[0\]: expected an integer, got NaN/],
    ['an id beyond 32 bits', { input_ids: [[2 ** 40]] }, /expected an integer/],
    ['dims that do not fit', { input_ids: { dims: [2, 2], data: [1, 2, 3] } }, /dims \[2, 2\] with 3 entries/],
    ['three dims', { input_ids: { dims: [1, 1, 1], data: [1] } }, /dims \[1, 1, 1\]/],
    ['labels of another shape', { input_ids: [[1, 2]], labels: [[1]] }, /labels: expected dims \[1, 2\]/],
    ['pixels', { input_ids: [[1]], pixel_values: {} }, /not yet supported argument 'pixel_values'/],
  ])('refuses inputs with %s', async (_case, inputs, message) => {
    const { model, session, fake } = await loaded();
    await expect(model.forward(inputs as never)).rejects.toMatchObject({ code: 'invalid_argument', message });
    expect(fake.argsOf('forward')).toEqual([]);
    await session.close();
  });

  test('gives its weights and its memory', async () => {
    const weight = { dims: [2], data: Float32Array.of(1, 2) };
    const memory = { gpu_bytes: 10, peak_gpu_bytes: 20, buffers: 3 };
    const { model, session, fake } = await loaded(() => ({
      stateDict: async () => new Map([['a.weight', weight]]),
      memory: async () => memory,
    }));
    expect(await model.state_dict(['a.weight'])).toEqual(
      new Map([['a.weight', { dims: [2], data: Float32Array.of(1, 2) }]]),
    );
    expect(fake.argsOf('stateDict')[0]?.slice(1)).toEqual([modelInfo.model, ['a.weight']]);
    expect(await model.memory()).toEqual(memory);
    await session.close();
  });

  test.each<[string, unknown, RegExp]>([
    ['a text', 'The whale', /\{ input_ids: \[await model\.tokenizer\.encode\(text\)\] \}/],
    ['ids alone', [1, 2], /\{ input_ids: \[ids\] \}/],
    ['one row', { input_ids: [1, 2] }, /\[ids\]/],
    ['a row that is on its way', { input_ids: [Promise.resolve([1])] }, /await/],
  ])('is told what forward takes instead of %s', async (_case, inputs, hint) => {
    const { model, session } = await loaded();
    await expect(model.forward(inputs as never)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringMatching(hint),
    });
    await session.close();
  });

  test('takes large integers, as tensors of transformers.js hold them', async () => {
    const { model, session, fake } = await loaded(() => ({ forward: async () => ({}) as never }));
    const tensor = { dims: [1, 3], data: BigInt64Array.of(1n, 2n, 3n) };
    const wire = { dims: [1, 3], data: Int32Array.of(1, 2, 3) };
    await model.forward({ input_ids: tensor, labels: [BigInt64Array.of(1n, 2n, 3n)] });
    await model.forward({ input_ids: [[1, 2n, 3]] });
    expect(fake.argsOf('forward').map((args) => args[2])).toEqual([
      { input_ids: wire, labels: wire },
      { input_ids: wire },
    ]);
    for (const odd of [2n ** 40n, 2n ** 60n + 1n]) {
      await expect(model.forward({ input_ids: [[1, odd]] })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: `inputs: input_ids[0][1]: expected an integer, got ${odd}`,
      });
    }
    await session.close();
  });

  test('takes rows of any kind of array, and refuses what is none', async () => {
    const { model, session, fake } = await loaded(() => ({ forward: async () => ({}) as never }));
    await model.forward({ input_ids: [Int32Array.of(1, 2), Int32Array.of(3, 4)] as never });
    expect(fake.argsOf('forward')[0]?.[2]).toEqual({ input_ids: { dims: [2, 2], data: Int32Array.of(1, 2, 3, 4) } });
    for (const input_ids of [new Set([1]), {}, { dims: [1, 1] }]) {
      await expect(model.forward({ input_ids } as never)).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringMatching(/^inputs: input_ids: expected one array of ids per row, or \{ dims, data \}/),
      });
    }
    await session.close();
  });

  test('once disposed of can not be used', async () => {
    const { model, session, fake } = await loaded(() => ({ disposeModel: async () => {} }));
    await model.dispose();
    await model.dispose();
    expect(fake.argsOf('disposeModel')).toEqual([[modelInfo.model]]);
    const gone = { code: 'invalid_argument', message: 'Expected a live model, got one that is disposed of' };
    await expect(model.forward({ input_ids: [[1]] })).rejects.toMatchObject(gone);
    await expect(model.generate([1])).rejects.toMatchObject(gone);
    await expect(model.memory()).rejects.toMatchObject(gone);
    await session.close();
  });

  test('may be disposed of after its session is closed', async () => {
    const { model, session } = await loaded();
    await session.close();
    await model.dispose();
  });
});

describe('a tokenizer', () => {
  test('encodes with special tokens and decodes with them, unless told otherwise', async () => {
    const { model, session, fake } = await loaded(() => ({ encode: async () => [1, 5], decode: async () => '<s>a' }));
    const tokenizer = model.tokenizer;
    expect(await tokenizer?.encode('a')).toEqual([1, 5]);
    await tokenizer?.encode('a', { add_special_tokens: false });
    expect(await tokenizer?.decode(Uint32Array.of(1, 5) as never)).toBe('<s>a');
    await tokenizer?.decode([1, 5], { skip_special_tokens: true });
    expect(fake.argsOf('encode')).toEqual([
      [2, 'a', { add_special_tokens: true }],
      [2, 'a', { add_special_tokens: false }],
    ]);
    expect(fake.argsOf('decode')).toEqual([
      [2, [1, 5], { skip_special_tokens: false }],
      [2, [1, 5], { skip_special_tokens: true }],
    ]);
    await expect(tokenizer?.encode(5 as never)).rejects.toMatchObject({ message: /text: expected a string, got 5/ });
    await expect(tokenizer?.decode([-1])).rejects.toMatchObject({
      message: /ids\[0\]: expected an integer from 0, got -1/,
    });
    await expect(tokenizer?.decode('1' as never)).rejects.toMatchObject({ message: /expected an array of token ids/ });
    await session.close();
  });
});

describe('a generation', () => {
  const scripted = (fake: () => FakeSession): Script => ({
    async generate(call) {
      fake().emit({ type: 'token', call, row: 0, token_id: 5, text: 'ab' });
      fake().emit({ type: 'token', call, row: 0, token_id: 6, text: 'c' });
      return ['abc'];
    },
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
      { max_new_tokens: 2, do_sample: false, temperature: 1, top_k: 50, seed: 42, eos_token_id: undefined },
    ]);
    await session.close();
  });

  test('takes token ids, and where to stop', async () => {
    const { model, session, fake } = await loaded(scripted);
    await model.generate([1, 2], { eos_token_id: 3, do_sample: true, seed: 0, top_k: 0 });
    await model.generate([1, 2], { eos_token_id: null });
    expect(fake.argsOf('generate').map((args) => args[2])).toEqual([[[1, 2]], [[1, 2]]]);
    expect(fake.argsOf('generate').map((args) => (args[3] as { eos_token_id: unknown }).eos_token_id)).toEqual([
      [3],
      null,
    ]);
    await session.close();
  });

  test.each<[string, object, RegExp]>([
    ['no tokens', { max_new_tokens: 0 }, /max_new_tokens: expected an integer from 1, got 0/],
    ['a temperature of 0', { do_sample: true, temperature: 0 }, /temperature: expected a number from 1e-30, got 0/],
    ['one that float32 takes for 0', { do_sample: true, temperature: 1e-39 }, /from 1e-30, got 1e-39/],
    ['what is not there yet', { top_p: 0.9 }, /not yet supported argument 'top_p'/],
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
    ['chat messages', [{ role: 'user', content: 'Hello' }], /^Chat messages are not supported yet/],
    ['several texts', ['a', 'b'], /generate_batch/],
    ['several rows', [[1], [2]], /generate_batch/],
    ['ids that are on their way', Promise.resolve([1]), /await/],
  ])('of %s is told what it takes', async (_case, input, hint) => {
    const { model, session } = await loaded(scripted);
    await expect(model.generate(input as string)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^generate: input: expected a text or an array of token ids, got /),
      hint: expect.stringMatching(hint),
    });
    await session.close();
  });

  test('aborted, gives what there is and then the reason, to readers and to who awaits', async () => {
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

  test('of a batch tells its rows, and gives their texts in order', async () => {
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

  test('that nobody awaits raises no unhandled rejection', async () => {
    const { model, session } = await loaded(() => ({ generate: () => Promise.reject(new Error('lost')) }));
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    model.generate('once');
    model.generate('once', { top_p: 1 } as never);
    await new Promise((resolve) => setTimeout(resolve, 30));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    await session.close();
  });
});
