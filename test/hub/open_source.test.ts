import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type FileSource, openFile, readFile, readFileIfPresent } from '../../src/core/input/file_source';
import type { FolderSource, ProgressInfo } from '../../src/core/types/source';
import { readWeights } from '../../src/formats/models/weights';
import { type OpenSourceOptions, openSource } from '../../src/hub/open_source';
import { codeThrownBy } from '../helpers/bytes/safetensors_bytes';
import { withResolvers } from '../helpers/with_resolvers';
import { big, errorOf, names, text, weights } from './source_bytes';
import { TestClock } from './test_clock';

describe('a server', () => {
  let server: Server | undefined;

  async function serve(listener: RequestListener): Promise<URL> {
    const started = createServer(listener);
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    return new URL(`http://127.0.0.1:${(started.address() as AddressInfo).port}/models/mine`);
  }

  async function open(listener: RequestListener, options?: OpenSourceOptions): Promise<FileSource> {
    return openSource(await serve(listener), { clock: new TestClock(), ...options });
  }

  const files: RequestListener = (request, response) => {
    if (request.url === '/models/mine/config.json') response.end('{"a":1}');
    else if (request.url === '/models/mine/model.safetensors') {
      response.setHeader('content-length', weights.length);
      response.end(weights);
    } else response.writeHead(404).end('not here');
  };

  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server = undefined;
  });

  test('files are read from the folder, with or without a slash at its end', async () => {
    const source = await open(files);
    expect(source.name).toBe('mine');
    expect(text(await readFile(source, 'config.json', 100))).toBe('{"a":1}');
    expect(await readFileIfPresent(source, 'tokenizer.json', 100)).toBeUndefined();
    expect(await names(source)).toEqual(['big', 'small']);
  });

  test('no cookie and no referrer goes out', async () => {
    const seen: unknown[] = [];
    const source = await open((request, response) => {
      seen.push(request.headers.cookie, request.headers.referer, request.headers.authorization);
      response.end('{}');
    });
    await readFile(source, 'config.json', 100);
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  test('progress of a download', async () => {
    const events: ProgressInfo[] = [];
    const source = await open(files, { progress_callback: (info) => events.push(info) });
    await names(source);
    const file = 'model.safetensors';
    expect(events.slice(0, 2)).toEqual([
      { status: 'initiate', name: 'mine', file },
      { status: 'download', name: 'mine', file },
    ]);
    const total = weights.length;
    expect(events).toContainEqual({ status: 'progress', name: 'mine', file, progress: 100, loaded: total, total });
    expect(events.at(-2)).toEqual({ status: 'done', name: 'mine', file });
    expect(events.at(-1)).toMatchObject({
      status: 'progress_total',
      name: 'mine',
      progress: 100,
      loaded: total,
      total,
    });
    const loaded = events.flatMap((event) => (event.status === 'progress' ? [event.loaded] : []));
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
  });

  test('a missing file is not_found, and the message has its address', async () => {
    const error = await errorOf(readFile(await open(files), 'nothing.json', 100));
    expect(error.code).toBe('not_found');
    expect(error.message).toMatch(/nothing\.json in http:\/\/127\.0\.0\.1:\d+\/models\/mine\//);
  });

  test("a single-page app's page in a file's place is not_found", async () => {
    const source = await open((_, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8').end('<!doctype html>');
    });
    expect((await errorOf(readFile(source, 'config.json', 100))).code).toBe('not_found');
    expect(await readFileIfPresent(source, 'tokenizer.json', 100)).toBeUndefined();
  });

  test.each([
    [400, {}, 'http_error', false],
    [401, {}, 'http_error', false],
    [403, {}, 'http_error', false],
    [408, {}, 'http_error', true],
    [429, {}, 'http_error', true],
    [500, {}, 'http_error', true],
    [503, {}, 'http_error', true],
    [401, { 'x-error-code': 'GatedRepo' }, 'gated_repo', false],
    [401, { 'x-error-code': 'RepoNotFound' }, 'not_found', false],
    [404, { 'x-error-code': 'RevisionNotFound' }, 'not_found', false],
  ] as const)('status %i %j is %s', async (status, headers, code, retryable) => {
    const source = await open((_, response) => response.writeHead(status, headers).end());
    const error = await errorOf(readFileIfPresent(source, 'config.json', 100));
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toContain(`status ${status}`);
  });

  test.each([
    [401, 'RepoNotFound', true],
    [403, 'RepoNotFound', true],
    [404, 'RepoNotFound', false],
    [404, 'RevisionNotFound', false],
  ])('status %i %s: the hint names the token of a private repository: %s', async (status, error, isNamed) => {
    const source = await open((_, response) => response.writeHead(status, { 'x-error-code': error }).end());
    const { hint } = await errorOf(readFileIfPresent(source, 'config.json', 100));
    expect(hint.endsWith('A private repository needs `token: () => …` with your token.')).toBe(isNamed);
    expect(hint).toContain('Check the names of the repository and the revision.');
  });

  test('a file that the hub says it lacks is just missing', async () => {
    const headers = { 'x-error-code': 'EntryNotFound' };
    const source = await open((_, response) => response.writeHead(404, headers).end());
    expect(await readFileIfPresent(source, 'config.json', 100)).toBeUndefined();
  });

  test('no server is offline', async () => {
    const url = await serve(files);
    server?.close();
    const error = await errorOf(readFile(openSource(url, { clock: new TestClock() }), 'config.json', 100));
    expect(error).toMatchObject({ code: 'offline', retryable: true });
  });

  test('a cut connection is offline, with the number of bytes so far', async () => {
    const source = await open((_, response) => {
      response.setHeader('content-length', weights.length);
      response.write(weights.subarray(0, 100_000), () => response.destroy());
    });
    const error = await errorOf(names(source));
    expect(error).toMatchObject({ code: 'offline', retryable: true, detail: { file: 'model.safetensors' } });
  });

  test('a file of unknown size that ends early is invalid_format', async () => {
    const source = await open((_, response) => response.end(weights.subarray(0, weights.length - 1)));
    expect((await errorOf(names(source))).code).toBe('invalid_format');
  });

  test('a size that contradicts the header is refused before the data comes', async () => {
    let sent = 0;
    const source = await open((_, response) => {
      response.setHeader('content-length', weights.length + 1);
      response.write(weights.subarray(0, 1000), () => {
        sent++;
      });
    });
    expect((await errorOf(names(source))).code).toBe('invalid_format');
    expect(sent).toBe(1);
  });

  test('the size of a compressed answer is ignored', async () => {
    const source = await open((_, response) => {
      const packed = gzipSync(weights);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
    });
    expect((await openFile(source, 'model.safetensors')).size).toBeUndefined();
    expect(await names(source)).toEqual(['big', 'small']);
  });

  test('a part of a compressed answer is no part of the file, which is read without a range', async () => {
    const source = await open((request, response) => {
      const packed = gzipSync(weights);
      const range = `bytes 0-${packed.length - 1}/${packed.length}`;
      const isPart = request.headers.range !== undefined;
      response.writeHead(isPart ? 206 : 200, { 'content-encoding': 'gzip', ...(isPart && { 'content-range': range }) });
      response.end(packed);
    });
    expect(await names(source)).toEqual(['big', 'small']);
  });

  test('a file above the limit is not downloaded, and the connection is closed', async () => {
    const closed = withResolvers();
    const endless = await open((_, response) => {
      response.on('close', closed.resolve);
      const more = (): void => void (response.destroyed || response.write(big.subarray(0, 65536), more));
      more();
    });
    expect((await errorOf(readFile(endless, 'config.json', 1_000_000))).code).toBe('limit_exceeded');
    await closed.promise;
  });

  test('a redirect from https to http is refused', async () => {
    const source = await open((request, response) => {
      if (request.url === '/elsewhere') response.end('{}');
      else response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(text(await readFile(source, 'config.json', 100))).toBe('{}');
    const fetch: typeof globalThis.fetch = async () => {
      return Object.defineProperties(new Response('{}'), {
        redirected: { value: true },
        url: { value: 'http://evil.example/config.json' },
      });
    };
    expect((await errorOf(readFile(openSource('a/b', { fetch }), 'config.json', 100))).code).toBe('invalid_argument');
  });

  describe('abort rejects with the reason of the signal', () => {
    const reason = new Error('the visitor left');

    test('before the request', async () => {
      const source = await open(files, { signal: AbortSignal.abort(reason) });
      await expect(readFile(source, 'config.json', 100)).rejects.toBe(reason);
    });
    test('while the server is silent', async () => {
      const controller = new AbortController();
      const source = await open(() => controller.abort(reason), { signal: controller.signal });
      await expect(readFile(source, 'config.json', 100)).rejects.toBe(reason);
    });
    test('in the middle of a slow file, and the server sees the end of it', async () => {
      const controller = new AbortController();
      const closed = withResolvers();
      const source = await open(
        (_, response) => {
          response.on('close', closed.resolve);
          response.setHeader('content-length', weights.length);
          response.write(weights.subarray(0, 1000), () => setTimeout(() => controller.abort(reason), 20));
        },
        { signal: controller.signal },
      );
      await expect(names(source)).rejects.toBe(reason);
      await closed.promise;
    });
  });

  test('leaving the loop closes the connection', async () => {
    const closed = withResolvers();
    const source = await open((_, response) => {
      response.on('close', closed.resolve);
      response.setHeader('content-length', weights.length);
      response.write(weights.subarray(0, weights.length - 4));
    });
    for await (const { name } of readWeights(source)) {
      expect(name).toBe('big');
      break;
    }
    await closed.promise;
  });
});
test.each([null, 1, {}, { files: {} }, { files: null }])('the source %j is invalid_argument', (source) => {
  expect(codeThrownBy(() => openSource(source as unknown as FolderSource))).toBe('invalid_argument');
});
