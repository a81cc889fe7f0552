import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bring, fetchCommand, spell } from '../../../scripts/results/data/fetch.mjs';
import { SOURCES, type Source } from '../../../scripts/results/data/sources.mjs';

let folder: string;
let root: string;
let source: Source;

/** Creates a package, and a fake npm that downloads it. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  root = join(folder, 'data');
  mkdirSync(join(folder, 'package', 'dict'), { recursive: true });
  writeFileSync(join(folder, 'package', 'dict', 'data.noun'), 'nouns');
  writeFileSync(join(folder, 'package', 'index.js'), 'code');
  execFileSync('tar', ['-czf', 'words.tgz', 'package'], { cwd: folder });
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'npm'), `#!/bin/sh\necho "$@" >>"${folder}/asked"\ncp "${folder}/words.tgz" .\n`);
  chmodSync(join(folder, 'bin', 'npm'), 0o755);
  vi.stubEnv('PATH', `${join(folder, 'bin')}${delimiter}${process.env.PATH}`);
  source = {
    name: 'words',
    title: 'Words',
    tool: 'npm',
    package: 'some-words',
    version: '1.2.3',
    sha256: createHash('sha256')
      .update(readFileSync(join(folder, 'words.tgz')))
      .digest('hex'),
    license: 'CC0',
    inside: 'package/dict',
    files: ['data.noun'],
  };
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const quiet = () => {};

test('a package is downloaded once, in its version, and only the needed files are kept', async () => {
  const found = await bring(source, root, quiet);
  expect(readFileSync(join(found, 'data.noun'), 'utf8')).toBe('nouns');
  expect(readdirSync(found).sort()).toEqual(['complete', 'data.noun']);
  await bring(source, root, quiet);
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('pack --silent --ignore-scripts some-words@1.2.3\n');
  expect(readdirSync(root)).toEqual(['words']);
});

test.each([
  ['has another content', () => ({ sha256: '0'.repeat(64) }), /has the SHA-256 [0-9a-f]{64}, not 0{64}/],
  ['lacks a file', () => ({ files: ['data.verb'] }), /lacks data\.verb in package\/dict/],
  ['lacks the folder', () => ({ inside: 'package/data' }), /tar failed/],
])('one that %s is refused, and nothing of it stays', async (_, change, message) => {
  await expect(bring({ ...source, ...change() }, root, quiet)).rejects.toThrow(message);
  expect(readdirSync(root)).toEqual([]);
});

test('another version replaces an existing one only when it is complete', async () => {
  await bring(source, root, quiet);
  await expect(bring({ ...source, sha256: '0'.repeat(64) }, root, quiet)).rejects.toThrow('SHA-256');
  expect(await bring(source, root, quiet)).toBe(join(root, 'words'));
  expect(readFileSync(join(folder, 'asked'), 'utf8').split('\n')).toHaveLength(3);
});

test('a missing tool is named', async () => {
  vi.stubEnv('PATH', join(folder, 'nothing'));
  await expect(bring(source, root, quiet)).rejects.toThrow('there is no npm here');
});

test('each source has a version, a hash and a command', () => {
  for (const each of SOURCES) {
    expect(each.sha256).toMatch(/^[0-9a-f]{64}$/);
    const command = spell(fetchCommand(each));
    expect(command.split(/ |==|=|(?<! )@/).slice(-2)).toEqual([each.package, each.version]);
  }
  expect(new Set(SOURCES.map(({ name }) => name)).size).toBe(SOURCES.length);
});
