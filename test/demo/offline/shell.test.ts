import { expect, test } from 'vitest';
import { Shell } from '../../../demo/src/offline/shell';

const SCOPE = 'https://example.org/some/demo/';

/** Makes a `CacheStorage` in memory. */
function memoryCaches(): CacheStorage & { readonly held: Map<string, Map<string, Response>> } {
  const held = new Map<string, Map<string, Response>>();
  const found = (files: Map<string, Response>, url: string): Response | undefined => files.get(url)?.clone();
  return {
    held,
    open: async (name: string) => {
      const files = held.get(name) ?? new Map<string, Response>();
      held.set(name, files);
      return {
        match: async (url: string) => found(files, url),
        put: async (url: string, response: Response) => void files.set(url, response),
      };
    },
    match: async (url: string) => [...held.values()].map((files) => found(files, url)).find(Boolean),
    keys: async () => [...held.keys()],
    delete: async (name: string) => held.delete(name),
  } as unknown as CacheStorage & { readonly held: Map<string, Map<string, Response>> };
}

/** Makes a server whose files contain its version. A test can change the version and the status, or make the server unreachable. */
function server(version: string) {
  const asked: string[] = [];
  const state = { version, status: 200, isReachable: true };
  const fetch = (async (input: string | Request, init?: RequestInit) => {
    const url = typeof input === 'string' ? input : input.url;
    asked.push(`${url.slice(SCOPE.length)} ${init?.cache ?? ''}`.trim());
    if (!state.isReachable) throw new TypeError('no connection');
    return new Response(state.version, { status: state.status });
  }) as typeof globalThis.fetch;
  return { asked, state, fetch };
}

const FILES = ['', 'classify.html', 'assets/index-a1.js', 'voices/examples.json'];
const get = (path: string): Request => new Request(SCOPE + path);
const textOf = async (answer: Promise<Response> | undefined): Promise<string> => (await answer)?.text() ?? '';

async function stored() {
  const caches = memoryCaches();
  const { asked, state, fetch } = server('one');
  const shell = new Shell({ version: '1', files: FILES }, { scope: SCOPE, caches, fetch });
  await shell.store();
  return { caches, asked, state, fetch, shell };
}

test('without a network, all files of the build come from the store', async () => {
  const { shell, state } = await stored();
  state.isReachable = false;
  for (const path of [...FILES, 'index.html', '?a=b', 'classify.html#v=1']) {
    expect(await textOf(shell.answer(get(path))), path).toBe('one');
  }
});

test('with a network, files without a hash in their names come from the server', async () => {
  const { shell, state, asked } = await stored();
  state.version = 'two';
  asked.length = 0;
  expect(await textOf(shell.answer(get('')))).toBe('two');
  expect(await textOf(shell.answer(get('voices/examples.json')))).toBe('two');
  expect(await textOf(shell.answer(get('assets/index-a1.js')))).toBe('one');
  expect(asked).toEqual(['', 'voices/examples.json']);
});

test('a server in trouble counts as none, a missing file doesn’t', async () => {
  const { shell, state } = await stored();
  state.status = 503;
  expect((await shell.answer(get('')))?.status).toBe(200);
  state.status = 404;
  expect((await shell.answer(get('')))?.status).toBe(404);
});

test('models, other folders and what is sent are left to the browser', async () => {
  const { shell } = await stored();
  expect(shell.answer(get('models/prose-1.4M/config.json'))).toBeUndefined();
  expect(shell.answer(new Request('https://example.org/some/other/'))).toBeUndefined();
  expect(shell.answer(new Request(SCOPE, { method: 'POST' }))).toBeUndefined();
});

test('a file that was lost comes from the server, or the request fails as it would', async () => {
  const { shell, caches, state } = await stored();
  caches.held.clear();
  expect(await textOf(shell.answer(get('assets/index-a1.js')))).toBe('one');
  state.isReachable = false;
  await expect(shell.answer(get('assets/index-a1.js'))).rejects.toThrow('no connection');
  await expect(shell.answer(get(''))).rejects.toThrow('no connection');
});

test('a new build downloads what it lacks, and the old one goes when it takes over', async () => {
  const { caches, asked, fetch, state } = await stored();
  await caches.open('webvera demo https://example.org/another/ 1');
  asked.length = 0;
  state.version = 'two';
  const next = new Shell(
    { version: '2', files: ['', 'assets/index-a1.js', 'assets/index-b2.js'] },
    { scope: SCOPE, caches, fetch },
  );
  await next.store();
  expect(asked.sort()).toEqual(['assets/index-b2.js default', 'no-cache']);
  await next.deleteOthers();
  expect(await caches.keys()).toEqual(['webvera demo https://example.org/another/ 1', `webvera demo ${SCOPE} 2`]);
  state.isReachable = false;
  expect(await textOf(next.answer(get('')))).toBe('two');
  expect(await textOf(next.answer(get('assets/index-a1.js')))).toBe('one');
});

test('a build of which a file is missing is not stored', async () => {
  const { caches, fetch, state } = await stored();
  state.status = 404;
  const next = new Shell({ version: '2', files: ['', 'gone.html'] }, { scope: SCOPE, caches, fetch });
  await expect(next.store()).rejects.toThrow(/expected the file, got HTTP status 404$/);
  expect(await caches.keys()).toEqual([`webvera demo ${SCOPE} 1`]);
});
