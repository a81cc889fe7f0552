import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFile } from '../../src/core/input/file_source';
import { readSha256 } from '../../src/core/input/integrity';
import { type OpenSourceOptions, openSource } from '../../src/hub/open_source';
import { FaultyServer } from './faulty_server';
import { bytes, errorOf, text } from './source_bytes';
import { TestClock } from './test_clock';

const content = bytes('weights');
const [hex, sri] = (['hex', 'base64'] as const).map((form) => createHash('sha256').update(content).digest(form));
const other = '0'.repeat(64);
let server: FaultyServer;

beforeEach(async () => {
  server = await FaultyServer.start({ 'a.bin': content, 'b.bin': content });
});
afterEach(() => server.close());

async function read(options: OpenSourceOptions, file = 'a.bin', headers: Record<string, string> = {}): Promise<string> {
  server.always = { headers };
  const source = openSource('a/b', { remoteHost: server.url, clock: new TestClock(), ...options });
  return text(await readFile(source, file, 100));
}

describe('a file is compared with', () => {
  test.each<[string, OpenSourceOptions, string, string]>([
    ['what the hub tells', {}, hex!, other],
    ['what was given in hexadecimal digits', { integrity: { 'a.bin': hex! } }, other, ''],
    ['what was given as of Subresource Integrity', { integrity: { 'a.bin': `sha256-${sri}` } }, '', ''],
    ['what the hub tells, where others were given', { integrity: { 'b.bin': other } }, hex!, other],
    ['nothing, where that was asked for', { integrity: 'none' }, other, ''],
    ['nothing, where nobody knows', {}, '', ''],
  ])('%s', async (_, options, told, refused) => {
    expect(await read(options, 'a.bin', { 'x-linked-etag': `"${told}"` })).toBe('weights');
    if (refused === '') return;
    const error = await errorOf(read(options, 'a.bin', { 'x-linked-etag': `"${refused}"` }));
    expect(error).toMatchObject({ code: 'integrity_mismatch', detail: { expected: refused, actual: hex } });
  });

  test('the given hash, before its last byte is used', async () => {
    const error = await errorOf(read({ integrity: { 'a.bin': other } }));
    expect(error).toMatchObject({ code: 'integrity_mismatch', message: expect.stringContaining('a.bin') });
  });
});

test.each([null, 5, 'abc', 'sha256-', `sha384-${'A'.repeat(43)}=`, other.slice(1), {}])('%j is no SHA-256', (value) => {
  expect(readSha256(value)).toBeUndefined();
});

test('a SHA-256 may have capitals', () => expect(readSha256('A'.repeat(64))).toBe('a'.repeat(64)));

describe('a token', () => {
  const gate = { status: 401, headers: { 'x-error-code': 'GatedRepo' } };

  test('is requested once the hub refuses, and from then on sent only to the hub', async () => {
    let asked = 0;
    const cdn = await FaultyServer.start({ 'a.bin': content });
    try {
      server.fail(gate, { location: `${cdn.url.replace('127.0.0.1', 'localhost')}a.bin` }, { bytes: content });
      const token = async (): Promise<string> => {
        asked += 1;
        return 'hf_secret';
      };
      const source = openSource('a/b', { remoteHost: server.url, token });
      expect(text(await readFile(source, 'a.bin', 100))).toBe('weights');
      expect(text(await readFile(source, 'b.bin', 100))).toBe('weights');
      const secret = 'Bearer hf_secret';
      expect(server.asked.map(({ authorization }) => authorization)).toEqual([undefined, secret, secret]);
      expect(cdn.asked.map(({ authorization }) => authorization)).toEqual([undefined]);
      expect(asked).toBe(1);
    } finally {
      await cdn.close();
    }
  });

  test('is not requested without a refusal, nor for folders that are not on the hub', async () => {
    const token = (): Promise<string> => Promise.reject(new Error('asked for'));
    expect(await read({ token })).toBe('weights');
    server.fail(gate);
    const folder = openSource(new URL('folder', server.url), { token });
    expect((await errorOf(readFile(folder, 'a.bin', 100))).code).toBe('gated_repo');
  });

  test.each(['hf_secret', 'hf_secret\r\nx: y', 'hf_secrét', ''])('is in no error: %j', async (secret) => {
    server.fail(gate, gate);
    const error = await errorOf(read({ token: async () => secret }));
    expect(error.code).toBe(secret === 'hf_secret' ? 'gated_repo' : 'invalid_argument');
    const all = [error.message, error.hint, JSON.stringify(error.detail), error.stack, String(error.cause)].join();
    expect(all).not.toContain('secr');
  });

  test('that is refused too is gated_repo', async () => {
    server.fail(gate, { status: 403, headers: { 'x-error-code': 'GatedRepo' } });
    expect((await errorOf(read({ token: async () => 'hf_secret' }))).code).toBe('gated_repo');
    expect(server.asked).toHaveLength(2);
  });
});
