import { describe, expect, test } from 'vitest';
import { readFile } from '../../src/core/input/file_source';
import { openSource } from '../../src/hub/open_source';
import { errorOf, text } from './source_bytes';

describe('a fetch that is passed in', () => {
  test("gets the address, and options that protect the visitor's privacy; it is called without a this", async () => {
    const calls: unknown[] = [];
    const fetch = async function (this: unknown, input: string | URL | Request, init?: RequestInit) {
      calls.push(this, input, init?.credentials, init?.referrerPolicy);
      return new Response('{}');
    };
    const source = openSource({ repo: 'a/b', revision: 'v1' }, { fetch });
    expect(text(await readFile(source, 'config.json', 100))).toBe('{}');
    expect(calls).toEqual([undefined, 'https://huggingface.co/a/b/resolve/v1/config.json', 'omit', 'no-referrer']);
  });

  test('may ignore the signal', async () => {
    const controller = new AbortController();
    const never = openSource('a/b', { fetch: () => new Promise(() => {}), signal: controller.signal });
    const stalled = openSource('a/b', {
      fetch: async () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })),
      signal: controller.signal,
    });
    const both = [readFile(never, 'config.json', 100), readFile(stalled, 'config.json', 100)];
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 10);
    for (const result of await Promise.allSettled(both)) expect(result).toEqual({ status: 'rejected', reason });
  });

  test("is checked by the hub's own size", async () => {
    const headers = { 'x-linked-size': '5' };
    const source = openSource('a/b', { fetch: async () => new Response('1234', { headers }) });
    const error = await errorOf(readFile(source, 'config.json', 100));
    expect(error).toMatchObject({
      code: 'invalid_format',
      retryable: true,
      message: 'config.json: expected 5 bytes, got 4',
    });
    const long = openSource('a/b', { fetch: async () => new Response('123456', { headers }) });
    expect((await errorOf(readFile(long, 'config.json', 100))).code).toBe('invalid_format');
  });

  test('may give an empty body', async () => {
    const source = openSource('a/b', { fetch: async () => new Response(null) });
    expect((await readFile(source, 'config.json', 100)).length).toBe(0);
  });
});
