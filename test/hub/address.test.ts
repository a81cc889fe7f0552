import { afterEach, describe, expect, test, vi } from 'vitest';
import { displayUrl, expectFetchable, fileUrl, type RemoteSource, resolveAddress } from '../../src/hub/address';
import { codeThrownBy } from '../helpers/bytes/safetensors_bytes';

const codeFor = (source: RemoteSource, options = {}) => codeThrownBy(() => resolveAddress(source, options));
const folder = (source: RemoteSource, options = {}) => resolveAddress(source, options).folder.href;

afterEach(() => vi.unstubAllGlobals());

describe('repositories', () => {
  test.each([
    ['HuggingFaceTB/SmolLM2-135M', {}, 'https://huggingface.co/HuggingFaceTB/SmolLM2-135M/resolve/main/'],
    ['gpt2', {}, 'https://huggingface.co/gpt2/resolve/main/'],
    ['a/b', { revision: 'refs/pr/1' }, 'https://huggingface.co/a/b/resolve/refs%2Fpr%2F1/'],
    [{ repo: 'a/b', revision: 'v1' }, { revision: 'v2' }, 'https://huggingface.co/a/b/resolve/v1/'],
    [{ repo: 'a/b', subfolder: 'x/y z/' }, {}, 'https://huggingface.co/a/b/resolve/main/x/y%20z/'],
    [
      { repo: 'a/b', subfolder: 'epoch=3-step=1200' },
      {},
      'https://huggingface.co/a/b/resolve/main/epoch%3D3-step%3D1200/',
    ],
    [
      { repo: 'a/b', subfolder: 'lora+dora/größe' },
      {},
      'https://huggingface.co/a/b/resolve/main/lora%2Bdora/gr%C3%B6%C3%9Fe/',
    ],
    [{ repo: 'a/b', subfolder: '.x:y@z' }, {}, 'https://huggingface.co/a/b/resolve/main/.x%3Ay%40z/'],
    ['a/b', { remoteHost: 'http://localhost:8080/mirror' }, 'http://localhost:8080/mirror/a/b/resolve/main/'],
    [
      'a/b',
      { remoteHost: 'https://cdn.example/', remotePathTemplate: '{model}@{revision}' },
      'https://cdn.example/a/b@main/',
    ],
    ['a/b', { remotePathTemplate: 'x/{model}/' }, 'https://huggingface.co/x/a/b/'],
  ] as const)('%j %j', (source, options, expected) => {
    expect(folder(source, options)).toBe(expected);
  });
  test.each([
    [
      'a/b',
      {},
      ['/a/b/resolve/main/', '/a/b/resolve/refs%2Fpr%2F1/', '/a/b/resolve/v1/x/'],
      ['/a/bc/resolve/main/', '/a/'],
    ],
    [{ repo: 'a/b', subfolder: 'x' }, {}, ['/a/b/resolve/main/'], ['/b/resolve/main/']],
    ['a/b', { remotePathTemplate: '{model}@{revision}' }, ['/a/b@v1/', '/a/b@v1/x/'], ['/a/b/', '/a/bc@v1/']],
    ['a/b', { remotePathTemplate: '{revision}/{model}' }, ['/v1/a/b/', '/v1/a/b/x/'], ['/v1/a/bc/', '/v1/x/a/b/']],
    ['a/b', { remotePathTemplate: 'x/{model}' }, ['/x/a/b/'], ['/x/a/bc/']],
  ] as const)('%j %j is the repository of its folders', (source, options, same, others) => {
    const { isSameRepo } = resolveAddress(source, options);
    const isHere = (path: string) => isSameRepo?.(`https://huggingface.co${path}`);
    expect(same.map(isHere)).toEqual(same.map(() => true));
    expect(others.map(isHere)).toEqual(others.map(() => false));
    expect(isSameRepo?.(`https://elsewhere.example${same[0]}`)).toBe(false);
  });

  test('the name is the repository', () => expect(resolveAddress('a/b').name).toBe('a/b'));

  test.each([
    '',
    '/',
    'a/',
    '/b',
    'a/b/c',
    '../b',
    'a/..',
    'a/../../x',
    'a b/c',
    'a/b?x',
    'a/b#x',
    '.a/b',
    '-a/b',
    'a/b-',
    'a/b.',
    'a/b--c',
    'a/b.git',
    `a/${'b'.repeat(97)}`,
    'a\\b',
    'a/b\n',
    '//evil.example',
    'https://huggingface.co/a/b',
    'javascript:alert(1)',
    'file:///etc',
  ])('refuses %j', (repo) => {
    expect(codeFor(repo)).toBe('invalid_argument');
    expect(codeFor({ repo })).toBe('invalid_argument');
  });
  test.each(['', '../main', 'a/../b', '/main', 'a b', 'main?x', 'x\n'])('refuses the revision %j', (revision) => {
    expect(codeFor({ repo: 'a/b', revision })).toBe('invalid_argument');
  });
  test.each(['..', '.', 'a/../b', 'a/./b', 'a\\b', 'a?b', 'a#b', '%2e%2e', 'a\n', 'a\0b', '\ud800'])(
    'refuses the subfolder %j',
    (subfolder) => {
      expect(codeFor({ repo: 'a/b', subfolder })).toBe('invalid_argument');
    },
  );
  test.each(['http://huggingface.co/', 'ftp://x/', 'nonsense', 'https://user:secret@x/'])(
    'refuses the host %s',
    (host) => {
      expect(codeFor('a/b', { remoteHost: host })).toBe('invalid_argument');
    },
  );
  test('the hint says how to pass an address', () => {
    expect(() => resolveAddress('https://x.example/a')).toThrow('got the address https://x.example/a');
  });
});

describe('addresses', () => {
  test.each([
    ['https://x.example/models/prose', 'https://x.example/models/prose/', 'prose'],
    ['https://x.example/models/prose/', 'https://x.example/models/prose/', 'prose'],
    ['https://x.example/models/prose/#top', 'https://x.example/models/prose/', 'prose'],
    ['https://x.example', 'https://x.example/', 'x.example'],
    ['https://x.example/m?sig=1', 'https://x.example/m/?sig=1', 'm'],
    ['http://localhost:5173/m/', 'http://localhost:5173/m/', 'm'],
    ['http://app.localhost/m/', 'http://app.localhost/m/', 'm'],
    ['http://127.0.0.1:8000/m/', 'http://127.0.0.1:8000/m/', 'm'],
    ['http://[::1]:8000/m/', 'http://[::1]:8000/m/', 'm'],
  ])('%s', (given, expected, name) => {
    expect(resolveAddress(new URL(given))).toEqual({ name, folder: new URL(expected) });
  });
  test.each([
    'http://x.example/m/',
    'http://localhost.evil.example/m/',
    'http://127.0.0.1.evil.example/m/',
    'http://192.168.0.1/m/',
    'https://user@x.example/m/',
    'https://user:secret@x.example/m/',
    'file:///etc/',
    'data:text/plain,x',
    'blob:https://x.example/1',
    'javascript:alert(1)',
    'ftp://x.example/m/',
    'https://x.example/m/model.safetensors',
    'https://x.example/m/config.json',
  ])('refuses %s', (url) => expect(codeFor(new URL(url))).toBe('invalid_argument'));

  test.each([
    ['https://huggingface.co/a/b', 'a/b'],
    ['https://huggingface.co/gpt2/', 'gpt2'],
    ['https://hf.co/a/b/tree/main/x', 'a/b'],
    ['https://huggingface.co/a/b/blob/main/model.safetensors', 'a/b'],
    ['https://huggingface.co/gpt2/raw/main/config.json', 'gpt2'],
  ])("the hub's page %s is distinguished from a folder of the hub", (page, name) => {
    expect(() => resolveAddress(new URL(page))).toThrow(
      expect.objectContaining({ code: 'invalid_argument', hint: `Pass the model's name: '${name}'.` }),
    );
    const files = `https://huggingface.co/${name}/resolve/main/`;
    expect(resolveAddress(new URL(files)).folder.href).toBe(files);
  });

  test("http is allowed to the page's own origin only", () => {
    vi.stubGlobal('location', new URL('http://192.168.0.1:8080/page'));
    expect(codeFor(new URL('http://192.168.0.1:8080/m/'))).toBeUndefined();
    expect(codeFor(new URL('http://192.168.0.1:8081/m/'))).toBe('invalid_argument');
  });
  test('an app or an extension may load from its own origin, whatever its scheme', () => {
    // Browsers know the origins of such schemes; Node gives them 'null'.
    const urlOf = (href: string, origin: string): URL =>
      Object.defineProperty(new URL(href), 'origin', { value: origin });
    const page = 'chrome-extension://abcdef';
    vi.stubGlobal('location', urlOf(`${page}/page.html`, page));
    expect(() => expectFetchable(urlOf(`${page}/models/mine/`, page))).not.toThrow();
    const refused = (href: string, origin: string): unknown => codeThrownBy(() => expectFetchable(urlOf(href, origin)));
    expect(refused('chrome-extension://another/models/mine/', 'chrome-extension://another')).toBe('invalid_argument');
    expect(refused(`blob:${page}/1`, page)).toBe('invalid_argument');
  });
  test.each([
    ['file://', 'file:///home/ada/models/mine/'],
    ['null', 'tauri://localhost/models/mine/'],
    ['null', 'data:text/plain,x'],
  ])('a page whose origin is %s may not load %s', (origin, href) => {
    vi.stubGlobal('location', { origin });
    const url = Object.defineProperty(new URL(href), 'origin', { value: origin });
    expect(() => expectFetchable(url)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', hint: expect.stringContaining('pass { files }') }),
    );
  });
  test('credentials are not repeated in messages', () => {
    const resolve = () => resolveAddress(new URL('https://user:secret@x.example/m/'));
    expect(resolve).toThrow('without credentials, got some for x.example');
    expect(resolve).not.toThrow('secret');
  });
  test('a file is found beside, with the query of the folder, which messages leave out', () => {
    const url = fileUrl(new URL('https://x.example/m/?sig=1'), 'a b?.json');
    expect(url.href).toBe('https://x.example/m/a%20b%3F.json?sig=1');
    expect(displayUrl(url)).toBe('https://x.example/m/a%20b%3F.json');
  });
});
