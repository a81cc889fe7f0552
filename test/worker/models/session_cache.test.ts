import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFile, readFileIfPresent } from '../../../src/core/input/file_source';
import type { ProgressInfo } from '../../../src/core/types/source';
import { StoreError } from '../../../src/store/store_error';
import { ModelSources } from '../../../src/worker/models/loading/model_sources';
import { cacheCalls } from '../../../src/worker/models/session_cache';
import type { LoadOptions, SessionHost, WireSource } from '../../../src/worker/protocol';
import { Calls } from '../../../src/worker/rpc/calls';
import { FaultyServer } from '../../hub/faulty_server';
import { bytes, errorOf } from '../../hub/source_bytes';
import { answersOf } from '../answers_of';
import { COMMIT, Device } from '../storage/keeping';

const [FIRST, SECOND, INDEX] = ['a-1.safetensors', 'a-2.safetensors', 'model.safetensors.index.json'];
const index = JSON.stringify({ weight_map: { x: FIRST, y: SECOND } });
let server: FaultyServer;
let device: Device;

beforeEach(async () => {
  server = await FaultyServer.start({
    'config.json': bytes('{}'),
    [INDEX]: bytes(index),
    [FIRST]: bytes('first'),
    [SECOND]: bytes('second'),
    'tokenizer.json': bytes('{}'),
  });
  server.always = { headers: { 'x-repo-commit': COMMIT } };
  device = new Device();
});
afterEach(() => server.close());

const events: ProgressInfo[] = [];
beforeEach(() => void events.splice(0));

function session(kept = true) {
  const calls = new Calls(() => {});
  const store = kept ? device.store : undefined;
  const options = { store: 'auto', remoteHost: server.url } as const;
  const host: SessionHost = {
    emit(event) {
      if (event.type === 'progress' && event.call === 1) events.push(event.info);
    },
  };
  const sources = new ModelSources(host, options, { cache: store, warn: (it) => device.warnings.push(it) });
  return { sources, cache: answersOf(cacheCalls, { calls, sources, cache: store }) };
}

async function load(source: WireSource, files: readonly string[], options: Partial<LoadOptions> = {}): Promise<void> {
  const { sources } = session();
  const folder = sources.open(1, source, { progress: false, ...options }, new AbortController().signal);
  for (const file of files) await readFileIfPresent(folder, file, 100);
}

const ALL = ['config.json', INDEX, FIRST, SECOND];
/** The server has only the first of these files. */
const TOKENIZER = ['tokenizer.json', 'tokenizer_config.json'];

describe('cached models', () => {
  test('are listed with their commit, bytes and state', async () => {
    const { cache } = session();
    expect(await cache.listCached()).toEqual([]);
    await load('a/b', ALL);
    const bytes = 2 + index.length + 11;
    expect(await cache.listCached()).toEqual([{ name: 'a/b', revision: COMMIT, bytes, state: 'verified' }]);
    const [record] = await device.store.list();
    await device.store.set({ ...record!, state: 'corrupt' });
    expect(await cache.listCached()).toMatchObject([{ state: 'corrupt' }]);
  });

  test('are complete once all shards and the tokenizer are cached', async () => {
    const { cache } = session();
    expect(await cache.isCached('a/b')).toBe(false);
    for (const [count, file] of [...ALL, ...TOKENIZER].entries()) {
      await load('a/b', [file]);
      expect(await cache.isCached('a/b')).toBe(count === 5);
    }
    expect(await cache.isCached({ repo: 'a/b', revision: COMMIT })).toBe(true);
    expect(await cache.isCached({ repo: 'a/b', revision: 'v1' })).toBe(false);
    expect(await cache.isCached({ files: new Map() })).toBe(false);
    const { length } = server.asked;
    await load('a/b', ALL, { local_files_only: true });
    expect(server.asked).toHaveLength(length);
  });

  test('are removed when they are cleared, and then their branch may have moved', async () => {
    await load('a/b', ALL);
    await load({ repo: 'a/c', revision: 'v1' }, ALL);
    const { cache } = session();
    await cache.clearCached('a/b');
    expect(await cache.listCached()).toMatchObject([{ name: 'a/c' }]);
    expect(device.files.held.size).toBe(4);
    const newer = '1'.repeat(40);
    server.always = { headers: { 'x-repo-commit': newer } };
    await load('a/b', ['config.json']);
    expect((await cache.listCached()).map(({ revision }) => revision).sort()).toEqual([newer, COMMIT]);
    await cache.clearCached({ repo: 'a/c', revision: COMMIT });
    expect(await cache.listCached()).toMatchObject([{ name: 'a/b' }]);
  });

  test('are removed with the commits of all branches, unless one is named', async () => {
    const v1 = { repo: 'a/b', revision: 'v1' };
    const commitsOf = async (source: WireSource, file: string): Promise<(string | undefined)[]> => {
      server.asked.length = 0;
      await load(source, [file]);
      return server.asked.map(({ path }) => path.split('/').at(-2));
    };
    // v1 and main have the same commit, so loading main finds the file in the cache, and adds no entry to it.
    for (const source of [v1, 'a/b', 'a/c']) await load(source, ['config.json']);
    await session().cache.clearCached('a/b');
    expect(await commitsOf(v1, 'config.json')).toEqual(['v1']);
    expect(await commitsOf('a/b', FIRST)).toEqual(['main']);
    expect(await commitsOf('a/c', FIRST)).toEqual([COMMIT]);
    await session().cache.clearCached(v1);
    expect(await commitsOf('a/b', SECOND)).toEqual([COMMIT]);
    expect(await commitsOf(v1, SECOND)).toEqual(['v1']);
  });

  test('are found whole, repaired, or marked as damaged', async () => {
    const { cache } = session();
    expect(await cache.verifyCached(1, 'a/b', { progress: false })).toBe('none');
    await load('a/b', [...ALL, ...TOKENIZER]);
    const { length } = server.asked;
    expect(await cache.verifyCached(1, 'a/b', { progress: false })).toBe('ok');
    expect(server.asked).toHaveLength(length);
    device.files.flip(0);
    expect(await cache.verifyCached(1, 'a/b', { progress: false })).toBe('repaired');
    expect(await cache.verifyCached(1, 'a/b', { progress: false })).toBe('ok');
    device.files.flip(0);
    server.always = { status: 404 };
    expect(await cache.verifyCached(1, 'a/b', { progress: false })).toBe('corrupt');
    expect(await cache.isCached('a/b')).toBe(false);
    expect(await cache.verifyCached(1, 'a/b', { progress: false })).toBe('corrupt');
    server.always = { headers: { 'x-repo-commit': COMMIT } };
    expect(await cache.verifyCached(1, 'a/b', { progress: false })).toBe('repaired');
    expect(await cache.isCached('a/b')).toBe(true);
  });

  test("are verified without asking a page's own server whether they have changed", async () => {
    const own = { url: `${server.url}mine` };
    await load(own, ALL);
    server.asked.length = 0;
    server.always = { status: 403 };
    const { cache } = session();
    const verify = () => cache.verifyCached(1, own, { progress: false });
    expect(await verify()).toBe('ok');
    expect(server.asked).toEqual([]);
    device.files.flip(0);
    expect(await verify()).toBe('corrupt');
    expect(await verify()).toBe('corrupt');
    server.always = {};
    expect(await verify()).toBe('repaired');
    expect(await verify()).toBe('ok');
  });

  test('are neither whole nor damaged where the disk fails', async () => {
    await load('a/b', ALL);
    device.files.read = () => Promise.reject(new StoreError('storage_unavailable', 'the disk is gone'));
    const error = await errorOf(session().cache.verifyCached(1, 'a/b', { progress: false }));
    expect(error.code).toBe('storage_unavailable');
  });

  test('report the progress of verification to a callback', async () => {
    await load('a/b', ALL);
    const { cache } = session();
    await cache.verifyCached(1, 'a/b', { progress: false });
    expect(events).toEqual([]);
    await cache.verifyCached(1, 'a/b', { progress: true });
    expect(events.filter(({ status }) => status === 'done')).toHaveLength(ALL.length);
    expect(events.findLast(({ status }) => status === 'verify')).toEqual({
      status: 'verify',
      name: 'a/b',
      progress: 100,
    });
  });

  test('are read by a sealed session', async () => {
    await load('a/b', ALL);
    const { sources } = session();
    sources.seal();
    const folder = sources.open(1, 'a/b', { progress: false }, new AbortController().signal);
    for (const file of ALL) await readFile(folder, file, 100);
    expect((await errorOf(readFile(folder, 'other.json', 100))).hint).toContain('seal()');
  });
});

test('a session in memory caches nothing, and lists nothing', async () => {
  await load('a/b', ALL);
  const { cache, sources } = session(false);
  expect(await cache.listCached()).toEqual([]);
  expect(await cache.isCached('a/b')).toBe(false);
  expect(await cache.verifyCached(1, 'a/b', { progress: false })).toBe('none');
  await cache.clearCached('a/b');
  const { signal } = new AbortController();
  expect(() => sources.open(1, 'a/b', { progress: false, local_files_only: true }, signal)).toThrow(
    /none are kept here/,
  );
  expect(await device.states()).not.toEqual({});
});

test('an address with a query, which may contain a signature, is stored nowhere', async () => {
  await load({ url: `${server.url}mine?signature=secret` }, ALL);
  expect(await device.states()).toEqual({});
});

describe('a sealed session', () => {
  const open = (sources: ModelSources) =>
    sources.open(1, { url: `${server.url}mine/` }, { progress: false }, new AbortController().signal);

  test('loads a cached model of this machine, so that a run can recover', async () => {
    await load({ url: `${server.url}mine/` }, [...ALL, ...TOKENIZER]);
    server.asked.length = 0;
    const { sources } = session();
    sources.seal();
    const folder = open(sources);
    for (const file of [...ALL, 'tokenizer.json']) expect(await readFile(folder, file, 100)).toBeDefined();
    expect(await readFileIfPresent(folder, 'tokenizer_config.json', 100)).toBeUndefined();
    expect((await errorOf(readFile(folder, 'vocab.txt', 100))).code).toBe('invalid_argument');
    expect(server.asked).toEqual([]);
  });

  test('ends a load that has asked the server already, so that no file is older than another', async () => {
    await load({ url: `${server.url}mine/` }, ALL);
    const { sources } = session();
    const folder = open(sources);
    await readFile(folder, 'config.json', 100);
    sources.seal();
    expect((await errorOf(readFile(folder, FIRST, 100))).code).toBe('invalid_argument');
  });

  test.each(['new', 'cached'])(
    'reads the files that it has loaded of a %s model of this machine again',
    async (state) => {
      if (state === 'cached') await load({ url: `${server.url}mine/` }, [...ALL, ...TOKENIZER]);
      const { sources } = session();
      const folder = open(sources);
      for (const file of ['config.json', ...TOKENIZER]) await readFileIfPresent(folder, file, 100);
      server.asked.length = 0;
      sources.seal();
      expect(await readFile(folder, 'tokenizer.json', 100)).toEqual(bytes('{}'));
      expect(await readFileIfPresent(folder, 'tokenizer_config.json', 100)).toBeUndefined();
      expect((await errorOf(readFile(folder, FIRST, 100))).code).toBe('invalid_argument');
      expect(server.asked).toEqual([]);
    },
  );
});
