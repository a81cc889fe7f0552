import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFileIfPresent } from '../../../src/core/input/file_source';
import { type Fault, FaultyServer } from '../../hub/faulty_server';
import { bytes, errorOf, text } from '../../hub/source_bytes';
import { COMMIT, content, Device, isContent, MODEL } from './keeping';

let server: FaultyServer;
let device: Device;

beforeEach(async () => {
  server = await FaultyServer.start({ 'config.json': bytes('{}'), [MODEL]: content });
  server.always = { headers: { 'x-repo-commit': COMMIT } };
  device = new Device();
});
afterEach(() => server.close());

describe("a page's own server, and this machine", () => {
  const own = (url = server.url) => device.open(new URL('mine', url));

  test('are asked whether a file is unchanged, and send it only once', async () => {
    expect(isContent(await device.read(own()))).toBe(true);
    server.asked.length = 0;
    expect(isContent(await device.read(own()))).toBe(true);
    expect(server.asked).toHaveLength(1);
    expect(device.events).toContainEqual({ status: 'done', name: 'mine', file: MODEL, cached: true });
  });

  test('replace a cached file that has changed', async () => {
    await device.read(own(), 'config.json');
    server.always = { bytes: bytes('{"a":1}'), etag: '"2"' };
    expect(text(await device.read(own(), 'config.json'))).toBe('{"a":1}');
    expect(await readFileIfPresent(own(), 'tokenizer.json', 10)).toBeDefined();
  });

  test('replace an interrupted copy of another file of the same size', async () => {
    const stream = await own().open(MODEL);
    for (let done = 0; done < content.length; ) done += (await stream?.read())?.length ?? 0;
    await stream?.cancel();
    const other = content.slice().fill(7);
    server.always = { bytes: other, etag: '"2"' };
    expect(Buffer.compare(await device.read(own()), other)).toBe(0);
  });

  test('are asked for a model by its name, too, unless its files are of a commit', async () => {
    server.always = {};
    const hosted = () => device.openHub(server);
    await device.read(hosted(), 'config.json');
    server.always = { bytes: bytes('{"a":1}'), etag: '"2"' };
    expect(text(await device.read(hosted(), 'config.json'))).toBe('{"a":1}');
    server.always = { headers: { 'x-repo-commit': COMMIT } };
    expect(text(await device.read(hosted(), 'config.json'))).toBe('{}');
    server.asked.length = 0;
    expect(text(await device.read(hosted(), 'config.json'))).toBe('{}');
    expect(server.asked).toEqual([]);
  });

  test("have no cached file that can't be compared", async () => {
    server.always = { etag: null };
    const folder = own();
    await device.read(folder, 'config.json');
    await device.read(folder);
    expect(await readFileIfPresent(folder, 'tokenizer.json', 10)).toBeUndefined();
    expect(await device.states()).toEqual({});
  });

  /** Loads a model without a tokenizer, and stops the server. Returns the server's address. */
  async function loadAndStop(): Promise<string> {
    const { url } = server;
    const folder = own();
    await device.read(folder, 'config.json');
    await device.read(folder);
    await readFileIfPresent(folder, 'tokenizer.json', 10);
    await server.close();
    return url;
  }

  test('need not answer for a model that was loaded before, and a warning says so', async () => {
    const url = await loadAndStop();
    const folder = own(url);
    expect(text(await device.read(folder, 'config.json'))).toBe('{}');
    expect(isContent(await device.read(folder))).toBe(true);
    expect(await readFileIfPresent(folder, 'tokenizer.json', 10)).toBeUndefined();
    expect(device.warnings).toEqual([
      { code: 'offline', message: `${url}mine/ can't be reached, so the files of the last load are used` },
    ]);
  });

  test.each<[string, Fault, string]>([
    ['found missing', { status: 404 }, 'not_found'],
    ['got without a tag', { etag: null }, 'offline'],
  ])('are not replaced by the copy of a file that the last load %s', async (_, fault, code) => {
    server.always = {};
    const { url } = server;
    await device.read(own(), 'config.json');
    await device.read(own());
    const last = own();
    server.fail(fault);
    await readFileIfPresent(last, 'config.json', 10);
    await device.read(last);
    await server.close();
    const folder = own(url);
    expect(isContent(await device.read(folder))).toBe(true);
    expect((await errorOf(device.read(folder, 'config.json'))).code).toBe(code);
    expect(device.files.held.size).toBe(1);
  });

  test('replace a file, whose load was then broken off: the others count as incomplete until they have answered for them', async () => {
    server.always = {};
    await device.read(own(), 'config.json');
    await device.read(own());
    server.fail({ bytes: bytes('{"a":1}'), etag: '"2"' });
    await device.read(own(), 'config.json');
    const local = () => device.open(new URL('mine', server.url), { isLocal: true });
    expect(text(await device.read(local(), 'config.json'))).toBe('{"a":1}');
    expect((await errorOf(device.read(local()))).code).toBe('not_found');
    server.sent = 0;
    expect(isContent(await device.read(own()))).toBe(true);
    expect(server.sent).toBe(0);
    expect(isContent(await device.read(local()))).toBe(true);
  });

  test('must answer for a file that was not loaded before', async () => {
    const url = await loadAndStop();
    const folder = own(url);
    await device.read(folder, 'config.json');
    expect((await errorOf(device.read(folder, 'vocab.txt'))).code).toBe('offline');
    expect((await errorOf(device.read(own(url), 'vocab.txt'))).code).toBe('offline');
  });

  test('must answer to the end of a load, so that no file is older than another', async () => {
    await device.read(own());
    const folder = own();
    await device.read(folder, 'config.json');
    await server.close();
    expect((await errorOf(device.read(folder))).code).toBe('offline');
    expect(device.warnings).toEqual([]);
  });
});

test('cache no list of missing files before a model is cached', async () => {
  const fetch: typeof globalThis.fetch = async (input) => {
    const { pathname } = new URL(String(input));
    return globalThis.fetch(new URL(pathname, server.url));
  };
  const elsewhere = () => device.open(new URL('https://models.example/mine'), { fetch });
  expect(await readFileIfPresent(elsewhere(), 'tokenizer.json', 10)).toBeUndefined();
  expect(await device.states()).toEqual({});
  const folder = elsewhere();
  await device.read(folder, 'config.json');
  expect(await readFileIfPresent(folder, 'tokenizer.json', 10)).toBeUndefined();
  await device.read(folder);
  expect(Object.keys(await device.states()).sort()).toEqual(['config.json', MODEL, 'tokenizer.json']);
});

test('two files that are opened at once come from the same commit', async () => {
  await device.read(device.openHub(server), 'config.json');
  await device.read(device.openHub(server));
  const folder = device.openHub(server, { isLocal: true });
  const [config, model] = await Promise.all([device.read(folder, 'config.json'), device.read(folder)]);
  expect(text(config)).toBe('{}');
  expect(isContent(model)).toBe(true);
});
