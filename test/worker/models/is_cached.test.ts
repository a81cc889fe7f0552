import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { type FileSource, readFile, readFileIfPresent } from '../../../src/core/input/file_source';
import { folderFiles } from '../../../src/formats/models/model_files';
import { readStopTokens } from '../../../src/formats/models/stop_tokens';
import type { TextSizes } from '../../../src/models/architecture';
import type { TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { loadImageProcessor } from '../../../src/worker/models/loading/image_processor_loader';
import { ModelSources } from '../../../src/worker/models/loading/model_sources';
import { loadTokenizer } from '../../../src/worker/models/loading/tokenizer_loader';
import { cacheCalls } from '../../../src/worker/models/session_cache';
import type { LoadOptions, SessionHost, WireSource } from '../../../src/worker/protocol';
import { Calls } from '../../../src/worker/rpc/calls';
import { FaultyServer } from '../../hub/faulty_server';
import { bytes } from '../../hub/source_bytes';
import { answersOf } from '../answers_of';
import { COMMIT, Device } from '../storage/keeping';

const json = readFileSync('test/oracle/tokenizers/roberta.json');
const { vocab, merges } = JSON.parse(json.toString()).model as { vocab: object; merges: [string, string][] };
const vocabulary = {
  'vocab.json': bytes(JSON.stringify(vocab)),
  'merges.txt': bytes(`#version: 0.2\n${merges.map((merge) => `${merge.join(' ')}\n`).join('')}`),
};
const CONFIG = { model_type: 'gpt2' };
const TEXT: TextSizes = {
  vocabSize: 100_000,
  maxLength: 1024,
  positions: 'row',
  eosTokenIds: [],
  padTokenId: undefined,
};
const IMAGE = { channels: 3, size: 8, patch: 4, patches: 4 };

let server: FaultyServer;
afterEach(() => server.close());

/** Simulates a visit to the page. `load` reads a model's files in the order in which it is loaded. */
function visit(device: Device, source: WireSource, isForbidding = false) {
  const host: SessionHost = {
    emit() {},
    fetch: async (...request) => {
      const response = await fetch(...request);
      return response.status === 404 && isForbidding ? new Response(null, { status: 403 }) : response;
    },
  };
  const sources = new ModelSources(host, { store: 'auto', remoteHost: server.url }, { cache: device.store });
  const parts = { host, limits: sources.limits };
  return {
    cache: answersOf(cacheCalls, { calls: new Calls(() => {}), sources, cache: device.store }),
    async load(kind: 'text' | 'image', most = Number.POSITIVE_INFINITY, options: Partial<LoadOptions> = {}) {
      const folder = sources.open(1, source, { progress: false, ...options }, new AbortController().signal);
      const files = closing(folder, most);
      await readFile(files, 'config.json', 1000);
      const settings = folderFiles(files, sources.limits);
      if (kind === 'image') await settings.preprocessor();
      await readFile(files, 'model.safetensors', 1000);
      if (kind === 'image') return loadImageProcessor(host, settings, { image: IMAGE, config: { model_type: 'vit' } });
      const vocabSize = TEXT.vocabSize;
      const onChat = async () => void (await readStopTokens(files, sources.limits, vocabSize));
      return loadTokenizer(parts, files, { modelType: CONFIG.model_type, vocabSize, onChat });
    },
  };
}

/** Wraps a source. After it has opened `most` files, it fails as if the page were closed. */
function closing(source: FileSource, most: number): FileSource {
  let opened = 0;
  const { name, location } = source;
  return {
    name,
    location,
    expect: () => {},
    isUnknown: async (file) => (await source.isUnknown?.(file)) === true,
    open: async (file) => (opened++ < most ? source.open(file) : Promise.reject(closed)),
  };
}
function tokenizerOf(loaded: unknown): TextTokenizer {
  expect(loaded).toHaveProperty('hasChatTemplate');
  return loaded as TextTokenizer;
}

const closed = new Error('The page is closed');

describe('a model is cached once every file that its load reads is known', () => {
  test.each<['text' | 'image', string, Record<string, Uint8Array>]>([
    ['text', 'with tokenizer.json', { 'tokenizer.json': json, 'chat_template.jinja': bytes('hi') }],
    [
      'text',
      'with tokenizer.json and what belongs to it',
      { 'tokenizer.json': json, 'tokenizer_config.json': bytes('{"eos_token":"<s>"}') },
    ],
    ['text', 'with a vocabulary', vocabulary],
    ['text', 'without a tokenizer', {}],
    ['image', 'with a processor', { 'preprocessor_config.json': bytes('{"size":8}') }],
    [
      'image',
      'with a processor beside a tokenizer',
      { 'processor_config.json': bytes('{"image_processor":{"size":8}}') },
    ],
    ['image', 'without one', {}],
  ])('%s, %s', async (kind, _, files) => {
    server = await FaultyServer.start({ 'config.json': bytes('{}'), 'model.safetensors': bytes('weights'), ...files });
    server.always = { headers: { 'x-repo-commit': COMMIT } };
    for (const source of ['a/b', { url: `${server.url}mine` }]) {
      for (let most = 1, isWhole = false; !isWhole; most++) {
        const device = new Device();
        const { cache, load } = visit(device, source);
        isWhole = await load(kind, most).then(
          () => true,
          (error: unknown) => {
            expect(error).toBe(closed);
            return false;
          },
        );
        expect(await cache.isCached(source), `after ${most} files`).toBe(isWhole);
        if (!isWhole) {
          // Whether the server has the next file isn't known yet, so a load from the cache alone fails.
          const local = load(kind, Number.POSITIVE_INFINITY, { local_files_only: true });
          await expect(local).rejects.toMatchObject({ code: 'not_found' });
          continue;
        }
        const { length } = server.asked;
        const inputs = await load(kind, most, { local_files_only: true });
        expect(inputs === undefined).toBe(kind === 'text' && Object.keys(files).length === 0);
        expect(server.asked).toHaveLength(length);
      }
    }
  });

  test('an image model that was cached before processor_config.json was requested loads without a request', async () => {
    server = await FaultyServer.start({ 'config.json': bytes('{}'), 'model.safetensors': bytes('weights') });
    server.always = { headers: { 'x-repo-commit': COMMIT } };
    const device = new Device();
    const folder = device.openHub(server);
    const files = ['config.json', 'preprocessor_config.json', 'model.safetensors'];
    for (const file of files) await readFileIfPresent(folder, file, 100);
    const { cache, load } = visit(device, 'a/b');
    expect(await cache.isCached('a/b')).toBe(true);
    const { length } = server.asked;
    expect(await load('image', Number.POSITIVE_INFINITY, { local_files_only: true })).toBeDefined();
    expect(server.asked).toHaveLength(length);
  });

  test('a model is cached also if a server forbids missing files', async () => {
    const files = { 'tokenizer.json': json, 'tokenizer_config.json': bytes('{}') };
    server = await FaultyServer.start({ 'config.json': bytes('{}'), 'model.safetensors': bytes('weights'), ...files });
    const source = { url: `${server.url}mine` };
    const { cache, load } = visit(new Device(), source, true);
    await load('text');
    expect(await cache.isCached(source)).toBe(true);
  });

  test('a GGUF file is a whole model', async () => {
    server = await FaultyServer.start({ 'model.gguf': bytes('weights') });
    const device = new Device();
    const folder = device.openHub(server);
    await readFile(folder, 'model.gguf', 100);
    const { cache } = visit(device, 'a/b');
    // Whether the folder has a tokenizer of its own isn't known yet.
    expect(await cache.isCached('a/b')).toBe(false);
    for (const file of ['tokenizer.json', 'vocab.json', 'vocab.txt']) await readFileIfPresent(folder, file, 100);
    expect(await cache.isCached('a/b')).toBe(true);
  });
});

test.each([
  ['model.safetensors', 'q8.gguf', true],
  ['q4.gguf', 'q8.gguf', true],
  ['q4.gguf', 'model.safetensors', true],
  ['adapter_model.safetensors', 'model.safetensors', false],
])('a model with whole %s and the beginning of %s is cached: %s', async (whole, begun, isCached) => {
  const weights = { [whole]: bytes('weights'), [begun]: bytes('other weights') };
  server = await FaultyServer.start({ 'config.json': bytes('{}'), 'tokenizer.json': json, ...weights });
  server.always = { headers: { 'x-repo-commit': COMMIT } };
  const device = new Device();
  const folder = device.openHub(server);
  for (const file of ['config.json', whole, 'tokenizer.json']) await readFile(folder, file, 1_000_000);
  await readFileIfPresent(folder, 'tokenizer_config.json', 100);
  const { cache } = visit(device, 'a/b');
  expect(await cache.isCached('a/b')).toBe(isCached);
  const stream = await folder.open(begun);
  await stream?.read();
  await stream?.cancel();
  expect(await device.states()).toMatchObject({ [begun]: 'partial 13' });
  expect(await cache.isCached('a/b')).toBe(isCached);
});

describe('a chat template', () => {
  const template = { 'chat_template.jinja': bytes('hi') };
  const folder = { 'config.json': bytes('{}'), 'model.safetensors': bytes('weights'), ...template };
  const names = (): string[] => server.asked.map(({ path }) => path.split('/').at(-1) ?? '');

  test('is read when it is first used, unless the tokenizer has tokens that may mark turns', async () => {
    server = await FaultyServer.start({ ...folder, 'tokenizer.json': json });
    server.always = { headers: { 'x-repo-commit': COMMIT } };
    const { cache, load } = visit(new Device(), 'a/b');
    const local = { local_files_only: true };
    const tokenizer = tokenizerOf(await load('text'));
    expect(await cache.isCached('a/b')).toBe(true);
    expect(names()).not.toContain('chat_template.jinja');
    await expect(tokenizerOf(await load('text', 9, local)).hasChatTemplate()).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('chat_template.jinja'),
      hint: expect.stringContaining('without local_files_only'),
    });
    for (let use = 0; use < 2; use++) expect(await tokenizer.hasChatTemplate()).toBe(true);
    expect(names().filter((name) => name === 'chat_template.jinja')).toHaveLength(1);
    const { length } = server.asked;
    expect(await tokenizerOf(await load('text', 9, local)).hasChatTemplate()).toBe(true);
    expect(server.asked).toHaveLength(length);
  });

  test('is read again after an error', async () => {
    server = await FaultyServer.start({ ...folder, 'tokenizer.json': json });
    server.always = { headers: { 'x-repo-commit': COMMIT } };
    const tokenizer = tokenizerOf(await visit(new Device(), 'a/b').load('text'));
    server.fail({ status: 401 });
    await expect(tokenizer.hasChatTemplate()).rejects.toMatchObject({ code: 'http_error' });
    expect(await tokenizer.hasChatTemplate()).toBe(true);
  });

  test('is read with the model if the tokenizer has such tokens, before the file that completes it', async () => {
    const definition = JSON.parse(json.toString());
    const { added_tokens, model } = definition as { added_tokens: object[]; model: { vocab: Record<string, number> } };
    const id = Object.keys(model.vocab).length;
    model.vocab['<|im_start|>'] = id;
    added_tokens.push({ ...added_tokens.at(-1), id, content: '<|im_start|>' });
    server = await FaultyServer.start({ ...folder, 'tokenizer.json': bytes(JSON.stringify(definition)) });
    server.always = { headers: { 'x-repo-commit': COMMIT } };
    const tokenizer = tokenizerOf(await visit(new Device(), 'a/b').load('text'));
    const chat = ['chat_template.jinja', 'generation_config.json'];
    expect(names().slice(-4)).toEqual(['tokenizer.json', ...chat, 'tokenizer_config.json']);
    const { length } = server.asked;
    expect(await tokenizer.hasChatTemplate()).toBe(true);
    expect(server.asked).toHaveLength(length);
  });
});

test.each([
  ['is damaged', (device: Device) => device.files.flip(0)],
  ['is none', () => {}],
])('a model whose index of shards %s is not cached', async (_, damage) => {
  const index = 'model.safetensors.index.json';
  server = await FaultyServer.start({
    'config.json': bytes('{}'),
    'model.safetensors': bytes('1'),
    [index]: bytes('[1]'),
  });
  server.always = { headers: { 'x-repo-commit': COMMIT } };
  const device = new Device();
  const { cache, load } = visit(device, 'a/b');
  await load('image');
  expect(await cache.isCached('a/b')).toBe(true);
  await readFile(device.openHub(server), index, 100);
  damage(device);
  expect(await cache.isCached('a/b')).toBe(false);
  expect(await cache.isCached('a/b')).toBe(false);
});
