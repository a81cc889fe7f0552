import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../src/core/errors/error';
import { corpusOf } from './corpus';
import { judge } from './judge';
import { mutations } from './mutations';
import type { FuzzTarget } from './target';
import { targets } from './targets';

/** The number of mutations for each target. `npm run fuzz` runs millions. */
const MUTATIONS = 50;

const path = (folder: string) => new URL(`./${folder}/`, import.meta.url);

// Odd files cause many warnings, which would flood the output.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

test('each target has a file and a corpus of its name', () => {
  const names = targets.map(({ name }) => name).sort();
  const files = readdirSync(path('targets'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'));
  expect(files.filter((name) => name !== 'index').sort()).toEqual(names);
  expect(readdirSync(path('corpus')).sort()).toEqual(names);
});

describe.each(targets.map((target) => [target.name, target] as const))('%s', (name, target) => {
  const corpus = corpusOf(name);

  test.each([...corpus])('takes %s', async (_, bytes) => {
    expect(await judge(target, bytes)).toBeUndefined();
  });

  test('takes what is near its corpus', async () => {
    const near = fc.asyncProperty(mutations([...corpus.values()]), async (bytes) => {
      expect(await judge(target, bytes)).toBeUndefined();
    });
    await fc.assert(near, { numRuns: MUTATIONS, seed: 1 });
  });
});

describe('the judge finds', () => {
  const run = (body: FuzzTarget['run'], most_ms = 1000) =>
    judge({ name: 'x', codes: ['invalid_format'], most_ms, run: body }, new Uint8Array(1));

  test('an error that is no refusal', async () => {
    expect(await run(() => {})).toBeUndefined();
    expect(await run(() => refuse('invalid_format'))).toBeUndefined();
    expect(await run(async () => refuse('invalid_format'))).toBeUndefined();
    expect(await run(() => refuse('internal'))).toMatchObject({ kind: 'thrown' });
    expect(await run(async () => refuse('internal'))).toMatchObject({ kind: 'thrown' });
    expect(await run(() => JSON.parse('{'))).toMatchObject({ kind: 'thrown', message: expect.stringMatching(/JSON/) });
    expect(await run(() => Promise.reject(undefined))).toEqual({ kind: 'thrown', message: 'nothing' });
  });

  test('an input that takes too long', async () => {
    expect(await run(() => spin(200), 100)).toMatchObject({ kind: 'slow' });
  });

  test('an input that holds memory', async () => {
    const kept: unknown[] = [];
    expect(await run(() => void kept.push(new Uint8Array(2 ** 29)))).toMatchObject({ kind: 'memory' });
  });

  test('an input that changes all objects', async () => {
    const pollute = () => Object.assign(Object.prototype, { polluted: 1 });
    try {
      expect(await run(() => void pollute())).toMatchObject({ kind: 'polluted' });
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted');
    }
  });
});

function refuse(code: 'invalid_format' | 'internal'): never {
  throw new WebVeraError(code, 'no');
}

function spin(milliseconds: number): void {
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 1000 * milliseconds);
}
