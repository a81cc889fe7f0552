import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Fault, FaultyServer } from '../../hub/faulty_server';
import { errorOf } from '../../hub/source_bytes';
import { Device, HALF, MODEL, type VisitOptions } from './keeping';

const content = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
/** The file's new content on the server, with the same length. */
const newer = content.map((byte) => byte ^ 255);
const cut: Fault = { etag: null, cutAfter: 100_000 };
let server: FaultyServer;
let device: Device;

beforeEach(async () => {
  server = await FaultyServer.start({ [MODEL]: content });
  server.always = { etag: null };
  device = new Device();
});
afterEach(() => server.close());

/**
 * Opens a folder on another origin, whose cached files webvera reads without a request. With `isShown: false`, pages can't read the
 * response headers, as without CORS headers that expose them.
 */
function elsewhere({ isShown = true, ...options }: VisitOptions & { readonly isShown?: boolean } = {}) {
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    const response = await globalThis.fetch(new URL(pathname, server.url), init);
    return isShown ? response : new Response(response.body, { status: response.status });
  };
  return device.open(new URL('https://models.example/mine'), { fetch, ...options });
}

/** Reads 100,000 bytes, and then cancels, like a page that is closed. */
async function leave(folder = elsewhere()): Promise<void> {
  const stream = await folder.open(MODEL);
  for (let at = 0; at < 100_000; ) at += (await stream?.read())?.length ?? 0;
  await stream?.cancel();
}

const same = (read: Uint8Array, expected: Uint8Array): boolean => Buffer.compare(read, expected) === 0;
const ranges = () => server.asked.map(({ range }) => range);
const whole = { [MODEL]: `verified ${content.length}` };

describe('a file whose server sends neither tag nor hash', () => {
  test('begins anew in the visit after an interruption, if the server sends nothing at all', async () => {
    server.fail({ cutAfter: 100_000 }, ...Array(3).fill({ cutAfter: 0 }));
    expect((await errorOf(device.read(elsewhere({ isShown: false })))).code).toBe('offline');
    expect(await device.states()).toEqual({ [MODEL]: 'partial 100000' });
    expect(await elsewhere().cachedBytes(MODEL)).toBe(0);
    server.asked.length = 0;
    expect(same(await device.read(elsewhere({ isShown: false })), content)).toBe(true);
    expect(ranges()).toEqual(['bytes=0-']);
    expect(await device.states()).toEqual(whole);
    expect(await elsewhere().cachedBytes(MODEL)).toBe(content.length);
  });

  test('is never joined with another file of its size in a later visit', async () => {
    await leave();
    server.always = { etag: null, bytes: newer };
    expect(same(await device.read(elsewhere()), newer)).toBe(true);
    expect(device.events.some((event) => 'resumedFrom' in event)).toBe(false);
    expect(await device.states()).toEqual(whole);
  });

  test('resumes by its size within a load, and is not cached', async () => {
    server.fail(cut);
    expect(same(await device.read(elsewhere()), content)).toBe(true);
    expect(ranges()).toEqual(['bytes=0-', 'bytes=100000-']);
    expect(await device.states()).toEqual({});
    expect(device.files.held.size).toBe(0);
    expect(device.warnings).toEqual([]);
  });

  test('is cached if a hash proves that both parts belong together', async () => {
    server.fail(cut);
    const integrity = { [MODEL]: createHash('sha256').update(content).digest('hex') };
    expect(same(await device.read(elsewhere({ integrity })), content)).toBe(true);
    expect(await device.states()).toEqual(whole);
  });
});

test("is compared with its given hash even if it isn't cached, as on the page's own server", async () => {
  const own = (integrity: Record<string, string>) => device.open(new URL(server.url), { integrity });
  const sha256 = createHash('sha256').update(content).digest('hex');
  expect(same(await device.read(own({ [MODEL]: sha256 })), content)).toBe(true);
  expect(await device.states()).toEqual({});
  const error = await errorOf(device.read(own({ [MODEL]: '0'.repeat(64) })));
  expect(error).toMatchObject({ code: 'integrity_mismatch', detail: { actual: sha256 } });
});

test("begins anew if a later visit can't see its tag", async () => {
  server.always = {};
  await leave();
  server.always = { etag: null, bytes: newer };
  expect(same(await device.read(elsewhere()), newer)).toBe(true);
  expect(await device.states()).toEqual(whole);
});

test("isn't repaired behind the first chunk of a copy, because the server's file may be another", async () => {
  server.always = { etag: null, bytes: new Uint8Array(HALF) };
  await device.read(elsewhere());
  device.files.flip(HALF - 1);
  server.always = { etag: null, bytes: new Uint8Array(HALF).fill(1) };
  expect(await errorOf(device.read(elsewhere()))).toMatchObject({ code: 'storage_corrupt', retryable: true });
  expect((await device.read(elsewhere())).every((byte) => byte === 1)).toBe(true);
});
