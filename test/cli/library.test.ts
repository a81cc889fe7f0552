import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandHint } from '../../scripts/cli/hints.mjs';
import { accessOf, modelOf } from '../../scripts/cli/library.mjs';
import { failureOf } from '../../scripts/shared/command.mjs';
import { WebVeraError } from '../../src/core/errors/error';
import { type FileSource, missingFile } from '../../src/core/input/file_source';
import { resolveAddress } from '../../src/hub/address';
import { expectAnswer } from '../../src/hub/answers';
import { noConnection } from '../../src/hub/no_connection';

test('--model is a name on the hub, also of a GGUF file', () => {
  expect(modelOf({ model: 'org/some.model' })).toEqual({ repository: 'org/some.model' });
  expect(modelOf({ model: 'org/name/a.Q4_K_M.gguf' })).toEqual({ repository: 'org/name', gguf_file: 'a.Q4_K_M.gguf' });
  expect(() => modelOf({ model: 'name.gguf' })).toThrow('there is no file name.gguf');
  expect(() => modelOf({ model: 'org/name/folder/a.gguf' })).toThrow('there is no file');
  expect(() => modelOf({ model: '/none/of/a.gguf' })).toThrow('there is no file');
});

test('HF_TOKEN is the token of the hub', () => {
  expect(accessOf({ HF_TOKEN: ' hf_1\n' }).token?.()).toBe('hf_1');
  expect(accessOf({})).toEqual({});
  expect(accessOf({ HF_TOKEN: ' ' })).toEqual({});
});

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(`src/${name}`, 'utf8'));
const url = new URL('https://huggingface.co/org/name/resolve/main/config.json');
const source = { location: 'org/name' } as FileSource;

test.each([
  ['a gated model', () => refused(401, 'GatedRepo'), 'HF_TOKEN'],
  ['a model that may be private', () => refused(401, 'RepoNotFound'), 'HF_TOKEN'],
  ['a repository that the hub lacks', () => refused(404, 'RepoNotFound'), 'Check the name of the repository.'],
  ['a hub that cannot be reached', offline, 'a folder on this machine'],
  ['a folder without a model', () => missingFile(source, ['config.json']), 'by its path, or as org/name/file.gguf'],
])("the hint about %s names the command's options, not the library's", (_, error, word) => {
  const { message } = failureOf(error(), commandHint);
  expect(message).toContain(word);
  expect(message).not.toMatch(/token:|gguf_file|\{ id|revision/);
});

test.each([
  ['SessionOptions.limits', 'the command has no option for it'],
  ['models.clear_cache(', 'WEBVERA_CACHE'],
])('the command has other words for each hint that names %s', (name, word) => {
  const hints = sources.flatMap((text) => text.match(/'[^'\n]*'/g) ?? []).filter((quoted) => quoted.includes(name));
  expect(hints.length).toBeGreaterThan(0);
  for (const hint of hints) expect(commandHint(hint)).toContain(word);
});

function offline(): WebVeraError {
  const address = resolveAddress('org/name');
  return noConnection(url, address, { isRefused: false, cause: undefined });
}

function refused(status: number, code: string): WebVeraError {
  try {
    expectAnswer(new Response('', { status, headers: { 'x-error-code': code } }), url, 0);
  } catch (error) {
    if (error instanceof WebVeraError) return error;
  }
  throw new Error('expected a WebVeraError');
}
