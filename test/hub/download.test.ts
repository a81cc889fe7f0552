import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFile, readFileIfPresent } from '../../src/core/input/file_source';
import type { ProgressInfo } from '../../src/core/types/source';
import { STALLS_AFTER } from '../../src/hub/download';
import { type OpenSourceOptions, openSource } from '../../src/hub/open_source';
import { type Fault, FaultyServer } from './faulty_server';
import { errorOf } from './source_bytes';
import { TestClock } from './test_clock';

const file = 'model.safetensors';
const content = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
const cut: Fault = { cutAfter: 100_000 };
let server: FaultyServer;
let clock: TestClock;

beforeEach(async () => {
  server = await FaultyServer.start({ [file]: content, 'empty.bin': new Uint8Array(0) });
  clock = new TestClock();
});
afterEach(() => server.close());

function read(name = file, options: OpenSourceOptions = {}): Promise<Uint8Array> {
  const source = openSource(new URL('models/mine', server.url), { clock, random: () => 0.5, ...options });
  return readFile(source, name, 1_000_000);
}

/** Compares bytes with Buffer, because `toEqual` is slow. */
const expectSame = (bytes: Uint8Array): void => expect(Buffer.compare(bytes, content)).toBe(0);
const ranges = () => server.asked.map(({ range }) => range);

describe('a download resumes', () => {
  test.each<[string, Fault[], (string | undefined)[], number]>([
    ['after a cut connection', [cut], ['bytes=0-', 'bytes=100000-'], 0],
    ['after two of them', [cut, cut], ['bytes=0-', 'bytes=100000-', 'bytes=200000-'], 0],
    ['from a server that gives a part at a time', [{ most: 150_000 }], ['bytes=0-', 'bytes=150000-'], 0],
    ['where the server ignores ranges', [cut, { ignoresRange: true }], ['bytes=0-', 'bytes=100000-'], 100_000],
    ['where it never knew of them', [{ ...cut, ignoresRange: true }, {}], ['bytes=0-', 'bytes=100000-'], 0],
    ['where it begins elsewhere', [cut, { shift: 5 }], ['bytes=0-', 'bytes=100000-', undefined], 300_000],
    ['where the beginning is another', [{ shift: 7, cutAfter: 0 }], ['bytes=0-', undefined], 0],
    ['without an ETag', [{ ...cut, etag: null }, { etag: null }], ['bytes=0-', 'bytes=100000-'], 0],
    ['where ranges are refused', [{ status: 416 }], ['bytes=0-', undefined], 0],
    ['after 408, 429 and 503', [{ status: 408 }, { status: 429 }, { status: 503 }], Array(4).fill('bytes=0-'), 0],
  ])('%s', async (_, faults, asked, most) => {
    server.fail(...faults);
    expectSame(await read());
    expect(ranges()).toEqual(asked);
    expect(server.sent - content.length).toBeLessThanOrEqual(most);
  });

  test('after a stall', async () => {
    server.fail({ stallAfter: 100_000 });
    // This clock advances by a second at each call, so that the progress of each chunk is reported.
    let seconds = 0;
    const now = (): number => 1000 * seconds++;
    const progress_callback = (info: ProgressInfo): void => {
      if (info.status === 'progress' && info.loaded === 100_000) setImmediate(() => clock.stall());
    };
    expectSame(await read(file, { now, progress_callback }));
    expect(ranges()).toEqual(['bytes=0-', 'bytes=100000-']);
  });

  test('if the whole file arrived before its end was known', async () => {
    server.fail({
      ignoresRange: true,
      headers: { 'x-linked-size': '300000', 'content-length': '300001' },
      cutAfter: 300_000,
    });
    expectSame(await read());
    expect(server.asked).toHaveLength(1);
  });

  test('if the connection broke at the end of a file of unknown size', async () => {
    server.fail({
      ignoresRange: true,
      headers: { 'content-encoding': 'identity', 'content-length': '300001' },
      cutAfter: 300_000,
    });
    expectSame(await read());
    expect(ranges()).toEqual(['bytes=0-', 'bytes=300000-']);
  });

  test('if nothing arrived', async () => {
    expect(await read('empty.bin')).toEqual(new Uint8Array(0));
    expect(ranges()).toEqual(['bytes=0-']);
  });
});

describe('a download ends', () => {
  test.each<[string, Fault[], string, number]>([
    ['where the ETag is another one', [cut, { etag: '"2"' }], 'integrity_mismatch', 2],
    ['where it is another one of a whole file', [cut, { etag: '"2"', ignoresRange: true }], 'integrity_mismatch', 2],
    ['where the size is another one', [cut, { bytes: content.subarray(1) }], 'integrity_mismatch', 2],
    ['where the file is shorter than what came', [cut, { bytes: content.subarray(0, 9) }], 'integrity_mismatch', 2],
    ['where the file is gone', [cut, { status: 404 }], 'integrity_mismatch', 2],
    ['at 403', [cut, { status: 403 }], 'http_error', 2],
    ['at 401 of a gate', [{ status: 401, headers: { 'x-error-code': 'GatedRepo' } }], 'gated_repo', 1],
    ['where a server asks for an hour', [{ status: 503, headers: { 'retry-after': '3600' } }], 'http_error', 1],
  ])('%s', async (_, faults, code, requests) => {
    server.fail(...faults);
    expect((await errorOf(read())).code).toBe(code);
    expect(server.asked).toHaveLength(requests);
  });

  test('after three failed attempts, each after a longer pause', async () => {
    server.fail({ cutAfter: 200_000 });
    server.always = { cutAfter: 0 };
    expect(await errorOf(read())).toMatchObject({ code: 'offline', retryable: true, detail: { loaded: 200_000 } });
    expect(ranges()).toEqual(['bytes=0-', ...Array(3).fill('bytes=200000-')]);
    expect(clock.pauses).toEqual([375, 750, 1500]);
  });

  test('with timeout if nothing more arrives', async () => {
    server.always = { stallAfter: 0, onStall: () => setTimeout(() => clock.stall(), 20) };
    expect(await errorOf(read())).toMatchObject({ code: 'timeout', retryable: true });
    expect(server.asked).toHaveLength(4);
  });

  test('with timeout if no server answers', async () => {
    const fetch = (): Promise<Response> => {
      setTimeout(() => clock.stall(), 1);
      return new Promise(() => {});
    };
    expect(await errorOf(read(file, { fetch }))).toMatchObject({ code: 'timeout', retryable: true });
  });
});

test('the count of failed attempts begins again when bytes arrive', async () => {
  for (let start = 0; start < 6; start++) server.fail({ cutAfter: 40_000 }, { cutAfter: 0 });
  expectSame(await read());
  expect(server.sent).toBe(content.length);
});

test.each([
  ['7', 7000],
  ['Thu, 01 Jan 2026 00:00:09 GMT', 9000],
  ['Thu, 01 Jan 2025 00:00:09 GMT', 375],
  ['whenever', 375],
])('a server that asks for %s gets no request for that long', async (asked, pause) => {
  server.fail({ status: 429, headers: { 'retry-after': asked } });
  expectSame(await read());
  expect(clock.pauses).toEqual([pause]);
});

test('an abort ends a pause at once', async () => {
  const controller = new AbortController();
  const reason = new Error('the visitor left');
  const waiting = {
    now: () => 0,
    after(milliseconds: number) {
      if (milliseconds < STALLS_AFTER) queueMicrotask(() => controller.abort(reason));
      return () => {};
    },
  };
  server.always = { status: 503 };
  await expect(read(file, { clock: waiting, signal: controller.signal })).rejects.toBe(reason);
  expect(server.asked).toHaveLength(1);
});

test('after a redirect it resumes at the new address', async () => {
  const other = await FaultyServer.start({ [file]: content });
  try {
    const location = `${other.url}cdn/${file}`;
    server.fail({ location }, { location });
    other.fail(cut);
    expectSame(await read());
    expect(other.asked.map(({ range }) => range)).toEqual(['bytes=0-', 'bytes=100000-']);
  } finally {
    await other.close();
  }
});

describe('on the hub', () => {
  const commit = 'c0ffee'.padEnd(40, '0');
  const hub = () => openSource('a/b', { remoteHost: server.url, clock, random: () => 0.5 });

  test('all files of a load are of one commit, though the branch moves', async () => {
    const source = hub();
    server.fail({ headers: { 'x-repo-commit': commit } });
    server.always = { headers: { 'x-repo-commit': '1'.repeat(40) } };
    expect(await readFile(source, 'empty.bin', 10)).toHaveLength(0);
    server.always = {};
    await readFileIfPresent(source, 'tokenizer.json', 10);
    await readFile(source, file, 1_000_000);
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/a/b/resolve/main/empty.bin',
      `/a/b/resolve/${commit}/tokenizer.json`,
      `/a/b/resolve/${commit}/${file}`,
    ]);
    expect(source.location).toContain(commit);
  });

  test('a large file takes two requests: one for its metadata, and one for its bytes', async () => {
    const told = {
      'content-type': 'application/vnd.xet-fileinfo+json',
      'x-linked-size': `${content.length}`,
      'x-repo-commit': commit,
    };
    server.fail({ bytes: new TextEncoder().encode('{}'), headers: told }, cut);
    expectSame(await readFile(hub(), file, 1_000_000));
    expect(ranges()).toEqual(['bytes=0-', 'bytes=0-', 'bytes=100000-']);
    expect(server.asked.map(({ path }) => path.includes(commit))).toEqual([false, true, true]);
  });

  test('bytes that differ from the metadata are refused', async () => {
    const told = { 'content-type': 'application/vnd.xet-fileinfo+json', 'x-linked-size': '5' };
    server.fail({ bytes: new TextEncoder().encode('{}'), headers: told });
    expect((await errorOf(readFile(hub(), file, 1_000_000))).code).toBe('integrity_mismatch');
  });
});
