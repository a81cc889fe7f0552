import { describe, expect, test } from 'vitest';
import { isAllowed } from '../../../src/worker/rpc/guard';
import { fakeWorker } from '../fake_worker';

const raw = (value: unknown): unknown => ({ type: 'RAW', value });

describe('messages to the worker', () => {
  test.each([
    ['a call', { id: '1', type: 'APPLY', path: [], argumentList: [raw('encode'), raw([1, 'text'])] }],
    ['the release', { id: '1', type: 'RELEASE' }],
  ])('%s passes', (_case, message) => expect(isAllowed(message)).toBe(true));

  test.each([
    ['nothing', undefined],
    ['text', 'APPLY'],
    ['a name in the path', { type: 'APPLY', path: ['encode'], argumentList: [] }],
    ['the prototype', { type: 'APPLY', path: ['__proto__'], argumentList: [] }],
    ['a way to Function', { type: 'APPLY', path: ['constructor'], argumentList: [raw('return 1')] }],
    ['a way through Function', { type: 'APPLY', path: ['call'], argumentList: [] }],
    ['no path', { type: 'APPLY', argumentList: [] }],
    ['a path that is no list', { type: 'APPLY', path: 'encode', argumentList: [] }],
    ['a list within the path', { type: 'APPLY', path: [[]], argumentList: [] }],
    ['reading', { type: 'GET', path: [] }],
    ['writing', { type: 'SET', path: ['encode'], value: raw(1) }],
    ['writing into the prototype', { type: 'SET', path: ['__proto__', 'polluted'], value: raw(1) }],
    ['constructing', { type: 'CONSTRUCT', path: [], argumentList: [] }],
    ['another port', { type: 'ENDPOINT', path: [] }],
    ['a release with a path', { type: 'RELEASE', path: [] }],
    ['a proxy as argument', { type: 'APPLY', path: [], argumentList: [{ type: 'HANDLER', name: 'proxy' }] }],
    ['an argument that is none', { type: 'APPLY', path: [], argumentList: [null] }],
    ['no arguments', { type: 'APPLY', path: [] }],
  ])('%s is dropped', (_case, message) => expect(isAllowed(message)).toBe(false));

  test('a dropped message reaches nothing, and the next call is answered', async () => {
    const { worker, fake } = fakeWorker(() => ({ encode: async () => [1, 2] }));
    const answers: unknown[] = [];
    const answered = new Promise<void>((resolve) => {
      worker.addEventListener('message', ({ data }: MessageEvent) => {
        if (!('id' in data)) return;
        answers.push(data);
        if (data.id === 'good') resolve();
      });
    });
    worker.postMessage({ id: 'a', type: 'SET', path: ['__proto__', 'polluted'], value: raw(1) });
    worker.postMessage({ id: 'b', type: 'APPLY', path: ['constructor'], argumentList: [raw('return 1')] });
    worker.postMessage({ id: 'c', type: 'GET', path: ['constructor', 'constructor'] });
    worker.postMessage({ id: 'good', type: 'APPLY', path: [], argumentList: [raw('encode'), raw([1, 'text'])] });
    await answered;
    expect(answers).toEqual([{ id: 'good', type: 'RAW', value: { value: [1, 2] } }]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(fake.calls).toEqual([{ name: 'encode', args: [1, 'text'] }]);
    worker.terminate();
  });
});
