import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Server, serve } from '../../../scripts/browsers/serve.mjs';
import { fetchWorkerScript } from '../../../src/page/rpc/worker_script';

const body = 'postMessage("ready");';
const integrity = `sha384-${createHash('sha384').update(body).digest('base64')}`;

let server: Server;
let requests = 0;
beforeEach(async () => {
  requests = 0;
  const file = (content: string) => ({ type: 'text/javascript', body: content });
  const mounts = { '/worker.js': file(body), '/changed.js': file(`${body} `) };
  server = await serve(mounts, { onRequest: () => requests++ });
});
afterEach(() => {
  vi.unstubAllGlobals();
  return server.close();
});

const get = (path: string, more: object = {}) => fetchWorkerScript({ url: server.url + path, integrity, ...more });

describe("the worker's script", () => {
  test('is fetched with its hash, once', async () => {
    const asked: unknown[] = [];
    const script = await get('/worker.js', {
      fetch: (url: string, init: RequestInit) => {
        asked.push(init.integrity);
        return fetch(url, init);
      },
    });
    expect(await script.text()).toBe(body);
    expect(script.type).toBe('text/javascript');
    expect(asked).toEqual([integrity]);
    expect(requests).toBe(1);
  });

  test('is fetched again if a cache holds another version', async () => {
    const script = await get('/worker.js', {
      fetch: (url: string, init: RequestInit) =>
        fetch(init.cache === 'default' ? url.replace('worker', 'changed') : url, init),
    });
    expect(await script.text()).toBe(body);
    expect(requests).toBe(2);
  });

  test('is refused if it was changed', async () => {
    await expect(get('/changed.js')).rejects.toMatchObject({
      code: 'integrity_mismatch',
      message: expect.stringContaining(`${server.url}/changed.js`),
      hint: expect.stringMatching(/^Reload the page: /),
      detail: { integrity },
    });
  });

  test('is refused if it was changed in a page over http, too, which can’t compute its hash', async () => {
    vi.stubGlobal('crypto', {});
    await expect(get('/changed.js')).rejects.toMatchObject({ code: 'integrity_mismatch' });
  });

  test('is used after the network failed once', async () => {
    let attempts = 0;
    const script = await get('/worker.js', {
      fetch: (url: string, init: RequestInit) =>
        ++attempts < 3 ? Promise.reject(new TypeError('Failed to fetch')) : fetch(url, init),
    });
    expect(await script.text()).toBe(body);
    expect(attempts).toBe(3);
  });

  test('that is missing is reported with the status', async () => {
    await expect(get('/none.js')).rejects.toMatchObject({
      code: 'not_found',
      hint: expect.stringMatching(/^Reload the page: /),
      detail: { status: 404 },
    });
  });

  test('that no server sends is reported as offline', async () => {
    await server.close();
    await expect(get('/worker.js')).rejects.toMatchObject({ code: 'offline', retryable: true });
  });

  test('that is beside a page opened as a file needs a server', async () => {
    await expect(fetchWorkerScript({ url: 'file:///home/ada/worker.js', integrity })).rejects.toMatchObject({
      code: 'offline',
      retryable: false,
      hint: expect.stringContaining('npx serve'),
    });
  });

  test("doesn't delay a caller once the signal aborts", async () => {
    await expect(get('/worker.js', { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    expect(requests).toBe(0);
  });
});
