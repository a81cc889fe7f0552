import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFileIfPresent, readRareFile } from '../../../src/core/input/file_source';
import { StoreError } from '../../../src/store/store_error';
import { FaultyServer } from '../../hub/faulty_server';
import { bytes, errorOf, text } from '../../hub/source_bytes';
import { FaultStore } from '../../store/fault_store';
import { CHUNK_BYTES, COMMIT, content, Device, HALF, isContent, MODEL, type VisitOptions } from './keeping';

let server: FaultyServer;
let device: Device;

beforeEach(async () => {
  server = await FaultyServer.start({ 'config.json': bytes('{}'), [MODEL]: content, 'empty.bin': new Uint8Array(0) });
  server.always = { headers: { 'x-repo-commit': COMMIT } };
  device = new Device();
});
afterEach(() => server.close());

const hub = (options: VisitOptions = {}) => device.openHub(server, options);
const breakOff = () => device.breakOff(server);
const ranges = () => server.asked.map(({ range }) => range);

describe('a cached file', () => {
  test('is read without a request at the second time, which is reported', async () => {
    const first = hub();
    expect(text(await device.read(first, 'config.json'))).toBe('{}');
    expect(await readFileIfPresent(first, 'tokenizer.json', 10)).toBeUndefined();
    expect(isContent(await device.read(first))).toBe(true);
    expect(await device.read(first, 'empty.bin')).toHaveLength(0);
    expect(device.events.some((event) => 'cached' in event)).toBe(false);

    server.asked.length = 0;
    const second = hub();
    expect(text(await device.read(second, 'config.json'))).toBe('{}');
    expect(await readFileIfPresent(second, 'tokenizer.json', 10)).toBeUndefined();
    expect(isContent(await device.read(second))).toBe(true);
    expect(await device.read(second, 'empty.bin')).toHaveLength(0);
    expect(server.asked).toEqual([]);
    expect(device.events).toContainEqual({ status: 'done', name: 'a/b', file: MODEL, cached: true });
    expect(device.warnings).toEqual([]);
  });

  test('is of one commit, though the branch has moved since', async () => {
    await device.read(hub(), 'config.json');
    server.always = { headers: { 'x-repo-commit': '1'.repeat(40) } };
    await device.read(hub());
    expect(server.asked.at(-1)?.path).toBe(`/a/b/resolve/${COMMIT}/${MODEL}`);
  });

  test('doesn’t keep a model from loading whose commit the hub has lost: the next load takes the newest one', async () => {
    await device.read(hub(), 'config.json');
    server.fail({ status: 404, headers: { 'x-error-code': 'RevisionNotFound' } });
    expect(await errorOf(device.read(hub()))).toMatchObject({
      code: 'not_found',
      retryable: true,
      hint: expect.stringMatching(/Load again/),
    });
    server.always = { headers: { 'x-repo-commit': '1'.repeat(40) } };
    expect(isContent(await device.read(hub()))).toBe(true);
    expect(server.asked.at(-1)?.path).toBe(`/a/b/resolve/main/${MODEL}`);
    // A revision that never existed is a caller's mistake, so the cache doesn't help.
    server.fail({ status: 404, headers: { 'x-error-code': 'RevisionNotFound' } });
    expect(await errorOf(device.read(hub({ revision: 'none' })))).toMatchObject({
      code: 'not_found',
      retryable: false,
    });
  });

  test('is found by another name of its commit', async () => {
    await device.read(hub());
    server.asked.length = 0;
    server.sent = 0;
    expect(isContent(await device.read(hub({ revision: 'v1' })))).toBe(true);
    expect(server.asked).toHaveLength(1);
    expect(isContent(await device.read(hub({ revision: 'v1' })))).toBe(true);
    expect(isContent(await device.read(hub({ revision: COMMIT })))).toBe(true);
    expect(server.asked).toHaveLength(1);
  });

  test('resumes an interrupted download in a later visit', async () => {
    await breakOff();
    expect(await device.states()).toEqual({ [MODEL]: `partial ${HALF}` });
    server.asked.length = 0;
    server.sent = 0;
    expect(isContent(await device.read(hub()))).toBe(true);
    expect(ranges()).toEqual([`bytes=${HALF}-`]);
    expect(server.sent).toBe(content.length - HALF);
    expect(device.events).toContainEqual({ status: 'download', name: 'a/b', file: MODEL, resumedFrom: HALF });
    expect(await device.states()).toEqual({ [MODEL]: `verified ${content.length}` });
    expect(isContent(await device.read(hub()))).toBe(true);
  });

  test('resumes from the last chunk after a kill', async () => {
    await breakOff();
    // Simulates a browser that was killed after it stored the last bytes, and before it recorded their number.
    const [record] = await device.store.list();
    await device.store.set({ ...record!, bytes: CHUNK_BYTES, chunks: record!.chunks.slice(0, 1) });
    server.asked.length = 0;
    expect(isContent(await device.read(hub()))).toBe(true);
    expect(ranges()).toEqual([`bytes=${CHUNK_BYTES}-`]);
  });

  test('begins anew if the server has another file', async () => {
    await breakOff();
    const other = content.slice(5);
    server.always = { bytes: other, etag: '"2"', headers: { 'x-repo-commit': COMMIT } };
    expect(Buffer.compare(await device.read(hub()), other)).toBe(0);
    expect(await device.states()).toEqual({ [MODEL]: `verified ${other.length}` });
  });

  test('resumes after an abort', async () => {
    const controller = new AbortController();
    const stream = await hub({ signal: controller.signal }).open(MODEL);
    for (let at = 0; at < HALF; ) at += (await stream?.read())?.length ?? 0;
    const reason = new Error('the visitor left');
    controller.abort(reason);
    await expect(stream?.read()).rejects.toBe(reason);
    const [record] = await device.store.list();
    expect(record!.bytes).toBeGreaterThanOrEqual(HALF);
    expect(isContent(await device.read(hub()))).toBe(true);
    expect(ranges().at(-1)).toBe(`bytes=${record!.bytes}-`);
  });
});

describe('a flipped bit', () => {
  test.each([
    ['in the first chunk', 5, 0],
    ['in the last one', 2 * CHUNK_BYTES + 5, 2 * CHUNK_BYTES],
  ])('%s is repaired from the server, and never read', async (_, at, from) => {
    await device.read(hub());
    device.files.flip(at);
    server.asked.length = 0;
    expect(isContent(await device.read(hub()))).toBe(true);
    expect(ranges()).toEqual([`bytes=${from}-`]);
    expect(isContent(await device.read(hub({ isLocal: true })))).toBe(true);
  });

  test('or a disk that fails is replaced by the server', async () => {
    await device.read(hub());
    device.files.read = () => Promise.reject(new StoreError('storage_unavailable', 'gone'));
    expect(isContent(await device.read(hub()))).toBe(true);
    expect((await errorOf(device.read(hub({ isLocal: true })))).code).toBe('storage_unavailable');
  });

  test('is distinguished from a disk that fails once while the server is away: the copy stays', async () => {
    await device.read(hub());
    const { read } = device.files;
    device.files.read = () => Promise.reject(new StoreError('storage_unavailable', 'gone'));
    server.always = { status: 403 };
    expect((await errorOf(device.read(hub()))).code).toBe('storage_unavailable');
    device.files.read = read;
    expect(isContent(await device.read(hub({ isLocal: true })))).toBe(true);
  });

  test('or none: a file that the server forbids counts as missing, also without the server', async () => {
    const folder = hub();
    await device.read(folder);
    server.always = { status: 403 };
    expect(await readRareFile(folder, 'modules.json', 10)).toBeUndefined();
    const local = hub({ isLocal: true });
    expect(await local.isUnknown('modules.json')).toBe(false);
    expect(await local.isUnknown('merges.txt')).toBe(true);
  });

  test('is reported if no server may be asked', async () => {
    await device.read(hub());
    device.files.flip(5);
    server.asked.length = 0;
    expect((await errorOf(device.read(hub({ isLocal: true })))).code).toBe('storage_corrupt');
    expect((await errorOf(device.read(hub({ isLocal: true })))).code).toBe('storage_corrupt');
    expect(server.asked).toEqual([]);
    expect(isContent(await device.read(hub()))).toBe(true);
  });

  test('is reported if the server has another file now', async () => {
    await device.read(hub());
    device.files.flip(CHUNK_BYTES + 5);
    server.always = { bytes: content.subarray(1), etag: '"2"' };
    expect(await errorOf(device.read(hub()))).toMatchObject({ code: 'storage_corrupt', retryable: true });
    expect(await device.read(hub())).toHaveLength(content.length - 1);
  });

  test('in an interrupted download is repaired too', async () => {
    await breakOff();
    device.files.flip(CHUNK_BYTES + 5);
    expect(isContent(await device.read(hub()))).toBe(true);
    expect(isContent(await device.read(hub({ isLocal: true })))).toBe(true);
  });
});

describe('a hash', () => {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const told = (hash: string) => ({ headers: { 'x-repo-commit': COMMIT, 'x-linked-etag': `"${hash}"` } });

  test('that differs leaves nothing', async () => {
    server.always = told('0'.repeat(64));
    expect((await errorOf(device.read(hub()))).code).toBe('integrity_mismatch');
    expect(await device.states()).toEqual({});
    expect(device.files.held.size).toBe(0);
  });

  test('is compared with all bytes of a repaired file', async () => {
    server.always = told(sha256);
    await device.read(hub());
    device.files.flip(CHUNK_BYTES + 5);
    const liar = content.slice();
    liar[content.length - 1]! ^= 1;
    server.always = { ...told(sha256), bytes: liar };
    expect((await errorOf(device.read(hub()))).code).toBe('integrity_mismatch');
    expect(await device.states()).toEqual({});
  });

  test('is compared with a resumed download', async () => {
    server.always = told(sha256);
    await breakOff();
    expect(isContent(await device.read(hub()))).toBe(true);
  });

  test('that is given later is compared with the cached file', async () => {
    await device.read(hub());
    expect(isContent(await device.read(hub({ integrity: { [MODEL]: sha256 } })))).toBe(true);
    const other = { [MODEL]: '0'.repeat(64) };
    expect((await errorOf(device.read(hub({ integrity: other })))).code).toBe('integrity_mismatch');
  });
});

describe('without room', () => {
  test('the model is loaded with a warning, and the remaining room stays free', async () => {
    device.files.room = CHUNK_BYTES;
    expect(isContent(await device.read(hub()))).toBe(true);
    expect(device.warnings).toEqual([{ code: 'storage_full', message: expect.stringContaining('not kept') }]);
    expect(device.files.held.size).toBe(0);
    expect(await device.states()).toEqual({});
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'or if the store fails at its step %i, the model is loaded, and cached files are whole',
    async (step) => {
      device.records = new FaultStore(step);
      expect(isContent(await device.read(hub()))).toBe(true);
      device.records = new FaultStore(Number.POSITIVE_INFINITY, device.records);
      expect(isContent(await device.read(hub()))).toBe(true);
    },
  );
});

describe('two downloads at once', () => {
  test('both load, and one of them is cached', async () => {
    const both = await Promise.all([device.read(hub()), device.read(hub())]);
    expect(both.every(isContent)).toBe(true);
    expect(await device.states()).toEqual({ [MODEL]: `verified ${content.length}` });
    expect(isContent(await device.read(hub({ isLocal: true })))).toBe(true);
    expect(device.warnings).toEqual([]);
  });
});

describe('local_files_only', () => {
  test("makes no request for a file that isn't cached", async () => {
    const error = await errorOf(device.read(hub({ isLocal: true })));
    expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('kept here of http') });
    expect(server.asked).toEqual([]);
  });

  test("doesn't take a partial file for the whole", async () => {
    await breakOff();
    server.asked.length = 0;
    expect((await errorOf(device.read(hub({ isLocal: true })))).code).toBe('not_found');
    expect(server.asked).toEqual([]);
  });
});
