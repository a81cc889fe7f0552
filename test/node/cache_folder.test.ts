import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cacheFolder } from '../../src/node/cache_folder';
import { WeightStore } from '../../src/store/weight_store';
import { FaultyServer } from '../hub/faulty_server';
import { bytes, text } from '../hub/source_bytes';
import { COMMIT, content, Device, HALF, isContent, MODEL } from '../worker/storage/keeping';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'webvera-'));
  vi.stubEnv('WEBVERA_CACHE', join(root, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function opened() {
  const folder = cacheFolder();
  if (folder === undefined) throw new Error('There is none');
  return folder;
}

test.each([undefined, ''])('nothing is stored unless a folder is named: %j', (path) => {
  vi.stubEnv('WEBVERA_CACHE', path);
  expect(cacheFolder()).toBeUndefined();
});

test('another process reads stored values, and damaged ones are missing', async () => {
  const { records } = opened();
  expect(await records.keys()).toEqual([]);
  await records.setMany([
    ['b', { at: 1 }],
    ['a', 'text'],
  ]);
  expect(await opened().records.get('b')).toEqual({ at: 1 });
  expect(await opened().records.keys()).toEqual(['a', 'b']);
  expect(await records.replace('a', 'other')).toBe('text');
  await records.deleteMany(['b', 'c']);
  expect(await records.keys()).toEqual(['a']);
  for (const name of readdirSync(join(root, 'cache'))) writeFileSync(join(root, 'cache', name), '{"key":');
  expect(await opened().records.get('a')).toBeUndefined();
  expect(await opened().records.keys()).toEqual([]);
});

test('bytes are written at any place, by one writer at a time', async () => {
  const { files } = opened();
  const writer = await files.write('a');
  await writer.write(bytes('abcd'), 0);
  await writer.write(bytes('xy'), 2);
  await expect(files.write('a')).rejects.toMatchObject({ code: 'locked_by_other_tab' });
  await expect(files.delete('a')).rejects.toMatchObject({ code: 'locked_by_other_tab' });
  await writer.close();
  expect(text(await opened().files.read('a', 1, 9))).toBe('bxy');
  const shorter = await files.write('a');
  await shorter.write(bytes('z'), 0);
  await shorter.close();
  expect(text(await files.read('a', 0, 9))).toBe('z');
  expect(await files.read('b', 0, 9)).toHaveLength(0);
  await files.delete('a');
  await files.delete('a');
  expect(await files.read('a', 0, 9)).toHaveLength(0);
});

test('a value that can not be stored leaves no file', async () => {
  const { records } = opened();
  await records.setMany([['a', 1]]);
  const [name = ''] = readdirSync(join(root, 'cache'));
  rmSync(join(root, 'cache', name));
  mkdirSync(join(root, 'cache', name, 'in the way'), { recursive: true });
  await expect(records.setMany([['a', 2]])).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(readdirSync(join(root, 'cache'))).toEqual([name]);
});

test('a relative name belongs to the working directory in which the session began', async () => {
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(root);
  vi.stubEnv('WEBVERA_CACHE', 'cache');
  try {
    const { records } = opened();
    cwd.mockReturnValue(tmpdir());
    await records.setMany([['a', 1]]);
    expect(readdirSync(join(root, 'cache'))).toHaveLength(1);
  } finally {
    cwd.mockRestore();
  }
});

test('a folder that can not be created is reported', async () => {
  writeFileSync(join(root, 'cache'), 'a file');
  await expect(opened().files.write('a')).rejects.toMatchObject({ code: 'storage_unavailable' });
  await expect(opened().records.setMany([['a', 1]])).rejects.toMatchObject({ code: 'storage_unavailable' });
});

test('a model is downloaded once, and a damaged copy is repaired', async () => {
  const server = await FaultyServer.start({ [MODEL]: content });
  server.always = { headers: { 'x-repo-commit': COMMIT } };
  try {
    const device = new Device();
    const open = (isLocal = false) => {
      const { records, files } = opened();
      return device.open('a/b', { remoteHost: server.url, isLocal, store: new WeightStore(records, files) });
    };
    expect(isContent(await device.read(open()))).toBe(true);
    expect(isContent(await device.read(open(true)))).toBe(true);
    expect(server.asked).toHaveLength(1);
    const [name = ''] = readdirSync(join(root, 'cache')).filter((file) => file.endsWith('.bin'));
    truncateSync(join(root, 'cache', name), HALF);
    expect(isContent(await device.read(open()))).toBe(true);
    expect(isContent(await device.read(open(true)))).toBe(true);
    expect(server.asked).toHaveLength(2);
  } finally {
    await server.close();
  }
});
