import { describe, expect, test } from 'vitest';
import { isAllowed } from '../../../src/worker/rpc/guard';
import { fakeWorker } from '../fake_worker';

const allowed = new Set(['encode', 'close']);
const raw = (value: unknown): unknown => ({ type: 'RAW', value });

describe('messages to the worker', () => {
  test.each([
    ['a call of a known name', { id: '1', type: 'APPLY', path: ['encode'], argumentList: [raw(1), raw('text')] }],
    ['a call without arguments', { id: '1', type: 'APPLY', path: ['close'], argumentList: [] }],
    ['the release', { id: '1', type: 'RELEASE' }],
  ])('%s passes', (_case, message) => expect(isAllowed(message, allowed)).toBe(true));

  test.each([
    ['nothing', undefined],
    ['text', 'APPLY'],
    ['an unknown name', { type: 'APPLY', path: ['eval'], argumentList: [] }],
    ['a name of every object', { type: 'APPLY', path: ['constructor'], argumentList: [raw('alert()')] }],
    ['the prototype', { type: 'APPLY', path: ['__proto__'], argumentList: [] }],
    ['a way to Function', { type: 'APPLY', path: ['encode', 'constructor'], argumentList: [raw('return 1')] }],
    ['a way through Function', { type: 'APPLY', path: ['encode', 'call'], argumentList: [] }],
    ['an empty path', { type: 'APPLY', path: [], argumentList: [] }],
    ['no path', { type: 'APPLY', argumentList: [] }],
    ['a path that is no list', { type: 'APPLY', path: 'encode', argumentList: [] }],
    ['a list within the path', { type: 'APPLY', path: [['encode']], argumentList: [] }],
    ['reading', { type: 'GET', path: ['encode'] }],
    ['writing', { type: 'SET', path: ['encode'], value: raw(1) }],
    ['writing into the prototype', { type: 'SET', path: ['__proto__', 'polluted'], value: raw(1) }],
    ['constructing', { type: 'CONSTRUCT', path: ['encode'], argumentList: [] }],
    ['another port', { type: 'ENDPOINT', path: ['encode'] }],
    ['a release with a path', { type: 'RELEASE', path: ['encode'] }],
    ['a proxy as argument', { type: 'APPLY', path: ['encode'], argumentList: [{ type: 'HANDLER', name: 'proxy' }] }],
    ['an argument that is none', { type: 'APPLY', path: ['encode'], argumentList: [null] }],
    ['no arguments', { type: 'APPLY', path: ['encode'] }],
  ])('%s is dropped', (_case, message) => expect(isAllowed(message, allowed)).toBe(false));

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
    worker.postMessage({ id: 'b', type: 'APPLY', path: ['encode', 'constructor'], argumentList: [raw('return 1')] });
    worker.postMessage({ id: 'c', type: 'GET', path: ['constructor', 'constructor'] });
    worker.postMessage({ id: 'good', type: 'APPLY', path: ['encode'], argumentList: [raw(1), raw('text')] });
    await answered;
    expect(answers).toEqual([{ id: 'good', type: 'RAW', value: { value: [1, 2] } }]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(fake.calls).toEqual([{ name: 'encode', args: [1, 'text'] }]);
    worker.terminate();
  });
});
