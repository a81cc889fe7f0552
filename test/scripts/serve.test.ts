import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Server, serve } from '../../scripts/browsers/serve.mjs';

let root: string;
let server: Server;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'webvera-test-'));
  await mkdir(join(root, 'open/deep'), { recursive: true });
  await writeFile(join(root, 'secret.txt'), 'secret');
  await writeFile(join(root, 'open/index.html'), '<p>hello');
  await writeFile(join(root, 'open/deep/script.mjs'), '0123456789');
  await writeFile(join(root, 'open/empty.bin'), '');
  await symlink(join(root, 'secret.txt'), join(root, 'open/link.txt'));
  server = await serve({
    '/': join(root, 'open'),
    '/deep/made.json': { type: 'application/json', body: '{"made":true}', headers: { 'X-Own': 'yes' } },
  });
});

afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Requests a path exactly as it is. `fetch` would normalise it. */
function get(path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(server.url, { path, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

test('serves files with their types and a policy', async () => {
  const index = await get('/');
  expect(index).toMatchObject({ status: 200, body: '<p>hello' });
  expect(index.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-length': '8',
    'x-content-type-options': 'nosniff',
  });
  expect(index.headers['content-security-policy']).toContain("default-src 'self'");
  const script = await get('/deep/script.mjs?version=1');
  expect(script).toMatchObject({ status: 200, body: '0123456789' });
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
  expect(await get('/empty.bin')).toMatchObject({ status: 200, body: '' });
});

test('serves responses from memory before files of a folder', async () => {
  const made = await get('/deep/made.json');
  expect(made).toMatchObject({ status: 200, body: '{"made":true}', headers: { 'x-own': 'yes' } });
});

test('HEAD returns the length and no body', async () => {
  const head = await get('/deep/script.mjs', { method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, body: '' });
  expect(head.headers['content-length']).toBe('10');
});

describe('ranges', () => {
  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=0-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=10-', 416, '416\n', 'bytes */10'],
    ['bytes=5-4', 416, '416\n', 'bytes */10'],
    ['lines=1-2', 200, '0123456789', undefined],
  ])('%s', async (range, status, body, contentRange) => {
    const answer = await get('/deep/script.mjs', { headers: { Range: range } });
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers['content-range']).toBe(contentRange);
  });
});

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/deep/..%2f..%2fsecret.txt',
  '/..%5csecret.txt',
  '/link.txt',
  '/deep',
  '/deep/',
  '/none.txt',
  '/index.html%00.txt',
  '/%',
])('finds nothing at %s', async (path) => {
  const { status, body } = await get(path);
  expect({ status, body }).toEqual({ status: 404, body: '404\n' });
});

test('refuses other methods, and foreign names that resolve to this machine', async () => {
  expect((await get('/', { method: 'POST' })).status).toBe(405);
  expect((await get('/', { headers: { Host: 'attacker.example:80' } })).status).toBe(403);
});

test('counts the bytes that it sends: those of a range, and of compressed text', async () => {
  const sent: number[] = [];
  const counting = await serve({ '/': join(root, 'open') }, { onSend: (bytes) => sent.push(bytes) });
  try {
    const url = `${counting.url}/deep/script.mjs`;
    await fetch(url, { headers: { Range: 'bytes=2-4', 'Accept-Encoding': 'identity' } });
    await fetch(url, { headers: { 'Accept-Encoding': 'identity' } });
    await fetch(url, { method: 'HEAD' });
    expect(sent).toEqual([3, 10]);
    const compressed = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(sent[2]).toBe(Number(compressed.headers.get('content-length')));
  } finally {
    await counting.close();
  }
});
