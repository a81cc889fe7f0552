import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ModelSource } from '../../../src/core/types/source';
import { AutoModelForCausalLM, AutoTokenizer } from '../../../src/page/models/auto_classes';
import type { PretrainedOptions } from '../../../src/page/models/source_options';
import { expectWithin } from '../../helpers/clock';
import { eventually } from '../../helpers/eventually';
import { loaded, modelInfo, openSession } from '../session/open_session';

afterEach(() => vi.unstubAllGlobals());

describe('loading a model', () => {
  test('gives its config, tokenizer and modules', async () => {
    const { model, session } = await loaded();
    expect(model.config).toEqual({ model_type: 'llama', hidden_size: 8 });
    expect(model.tokenizer).toMatchObject({ vocab_size: 16, bos_token_id: 1, eos_token_id: 2, pad_token_id: null });
    expect(model.named_modules()).toEqual(modelInfo.modules);
    await session.close();
  });

  const config = new File(['{}'], 'config.json');
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

  test('refuses such an address without a page, with a hint', async () => {
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

  test.each<[string, ModelSource]>([
    ['a Map', new Map([['config.json', config]])],
    ['an object', { 'config.json': config }],
    ['Files', [config]],
    ['files in an object', { files: { 'config.json': config } }],
    ['files in a list', { files: [config] }],
  ])('takes its files as %s', async (_case, source) => {
    const { session, fake } = await openSession(() => ({ loadModel: async () => modelInfo }));
    await AutoModelForCausalLM.from_pretrained(source, { session });
    expect(fake.argsOf('loadModel')[0]?.[1]).toEqual({ files });
    await session.close();
  });

  test.each<[string, unknown, RegExp]>([
    ['no source', undefined, /^source: expected 'org\/name'/],
    ['an empty name', '', /^source/],
    ['an object of another form', { name: 'a' }, /got an object with name/],
    ['files that are none', { files: 'config.json' }, /^source.files: expected files by their names/],
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
    ['a dtype that there is not', { dtype: 'int3' }, /dtype: expected 'auto' or .* or 'q4', got 'int3'/],
    ['an unknown option', { device: 'webgpu' }, /unknown or not yet supported argument 'device'/],
    [
      'a hash that is none',
      { integrity: { 'model.safetensors': 'abc' } },
      /integrity: expected 'hub', 'none', or SHA-256/,
    ],
    ['a session that is none', { session: {} }, /session: expected a Session/],
  ])('refuses %s', async (_case, options, message) => {
    const loading = AutoModelForCausalLM.from_pretrained('org/name', options as PretrainedOptions);
    await expect(loading).rejects.toMatchObject({ code: 'invalid_argument', message });
  });

  test('suggests the dtype that is closest to one of transformers.js', async () => {
    const loading = AutoModelForCausalLM.from_pretrained('org/name', {
      dtype: 'q4f16',
    } as unknown as PretrainedOptions);
    await expect(loading).rejects.toMatchObject({ code: 'invalid_argument', hint: "Did you mean 'q4'?" });
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

  test('hands a token over when the worker needs one, and sends hashes along', async () => {
    const given: unknown[] = [];
    const { session, fake } = await openSession((current) => ({
      async loadModel(call) {
        current().emit({ type: 'need_token', call });
        await eventually(() => expect(given).toHaveLength(1));
        return modelInfo;
      },
      giveToken: async (...answer) => void given.push(answer),
    }));
    const integrity = { 'model.safetensors': 'a'.repeat(64) };
    await AutoModelForCausalLM.from_pretrained('org/name', { session, token: async () => 'hf_x', integrity });
    const [call, , options] = fake.argsOf('loadModel')[0] ?? [];
    expect(options).toEqual({ progress: false, hasToken: true, integrity });
    expect(given).toEqual([[call, 'hf_x']]);
    await session.close();
  });

  test('rejects with the error of a token callback, or if it gives no token', async () => {
    const { session } = await openSession((fake) => ({
      loadModel(call) {
        fake().emit({ type: 'need_token', call });
        return fake().untilCancelled(call);
      },
    }));
    const slip = new Error('signed out');
    const rejects = expect(
      AutoModelForCausalLM.from_pretrained('a/b', { session, token: () => Promise.reject(slip) }),
    ).rejects;
    await rejects.toBe(slip);
    const token = () => undefined as unknown as string;
    const none = AutoModelForCausalLM.from_pretrained('a/b', { session, token });
    await expect(none).rejects.toMatchObject({ code: 'invalid_argument', message: /^token: expected a function/ });
    await session.close();
  });

  const FUNCTION = "Write token: () => '…'.";
  test.each<[unknown, string, string]>([
    ['hf_secret', 'a string', FUNCTION],
    [['hf_secret'], 'an array of 1', FUNCTION],
    [{ hf_secret: 1 }, 'an object', FUNCTION],
    [Promise.resolve('hf_secret'), 'a Promise', 'Put await before it.'],
    [null, 'null', FUNCTION],
  ])('quotes no token: %j', async (secret, got, hint) => {
    const { session } = await openSession();
    const error = await AutoModelForCausalLM.from_pretrained('a/b', { session, token: secret as never }).catch(
      (thrown: unknown) => thrown,
    );
    const message = expect.stringMatching(`token: expected a function, got ${got}$`);
    expect(error).toMatchObject({ code: 'invalid_argument', message, hint });
    expect(inspect(error)).not.toContain('hf_secret');
    await session.close();
  });

  test('rejects with the error of a progress callback', async () => {
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
    await eventually(() => expect(fake.argsOf('loadModel')).toHaveLength(1));
    controller.abort(reason);
    await expect(loading).rejects.toBe(reason);
    expect(fake.argsOf('cancel')).toEqual([[fake.argsOf('loadModel')[0]?.[0]]]);
    await session.close();
  });

  test('aborted too late, frees the loaded model', async () => {
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
    await eventually(() => expect(fake.argsOf('disposeModel')).toEqual([[modelInfo.model]]));
    await session.close();
  });

  test('aborted, does not wait for a worker that is stuck', async () => {
    const controller = new AbortController();
    const { session, fake } = await openSession(() => ({ loadModel: () => new Promise(() => {}) }));
    const loading = AutoModelForCausalLM.from_pretrained('a/b', { session, signal: controller.signal });
    await eventually(() => expect(fake.argsOf('loadModel')).toHaveLength(1));
    const start = performance.now();
    controller.abort();
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    expectWithin(1000, performance.now() - start);
    await session.close();
  });
});
