import { readFileSync } from 'node:fs';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { adapters, Session } from '../../../src/index';
import '../../../src/worker/worker_session'; // loaded before the tests, because loading it is slow
import { eventually } from '../../helpers/eventually';
import { openSession } from './open_session';

const folder = new URL('../../golden/cases/llama_qvud_big/adapter_noproj/', import.meta.url);
const read = (name: string): Blob => new Blob([readFileSync(new URL(name, folder))]);
const files = {
  'adapter_config.json': read('adapter_config.json'),
  'adapter_model.safetensors': read('adapter_model.safetensors'),
};

beforeEach(() => vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => vi.unstubAllGlobals());

/** Simulates a browser whose `navigator.storage` has only these methods. */
function browser(storage: Partial<StorageManager> | undefined): void {
  vi.stubGlobal('navigator', { storage });
}

test('the browser is asked once not to evict stored data, and no call waits for it', async () => {
  const persist = vi.fn(() => new Promise<boolean>(() => {}));
  browser({ persist });
  const session = await Session.open({ worker: false });
  expect(await adapters.list({ session })).toEqual([]);
  expect(persist).not.toHaveBeenCalled();
  await adapters.import(files, 'mine', { session });
  await adapters.import(files, 'other', { session });
  expect(persist).toHaveBeenCalledOnce();
  await session.close();
});

test('the page asks in place of its worker', async () => {
  const { session, fake } = await openSession();
  const persist = vi.fn(async () => false);
  browser({ persist });
  const warned = vi.spyOn(console, 'warn');
  fake.emit({ type: 'first_stored' });
  await eventually(() => expect(persist).toHaveBeenCalledOnce());
  expect(warned).not.toHaveBeenCalled();
  await session.close();
});

test("the browser isn't asked for data in memory", async () => {
  const persist = vi.fn(async () => true);
  browser({ persist });
  const session = await Session.open({ worker: false, store: 'memory' });
  await adapters.import(files, 'mine', { session });
  expect(await adapters.persist({ session })).toBe(false);
  expect(persist).not.toHaveBeenCalled();
  await session.close();
});

test('a browser that fails to answer causes no error', async () => {
  browser({ persist: () => Promise.reject(new TypeError('an opaque origin')) });
  const session = await Session.open({ worker: false });
  await adapters.import(files, 'mine', { session });
  expect(await adapters.list({ session })).toHaveLength(1);
  await session.close();
});

test.each<[string, Partial<StorageManager> | undefined, boolean]>([
  ['grants it', { persist: async () => true }, true],
  ['refuses', { persist: async () => false, persisted: async () => true }, false],
  ['only lets look, as in workers', { persisted: async () => true }, true],
  ['fails', { persist: () => Promise.reject(new TypeError('an opaque origin')) }, false],
  ['has neither', {}, false],
  ['has no storage, as Node', undefined, false],
])('adapters.persist() gives the answer of a browser that %s', async (_, storage, answer) => {
  browser(storage);
  expect(await adapters.persist()).toBe(answer);
});

test('adapters.persist() can be aborted while a visitor decides', async () => {
  browser({ persist: () => new Promise(() => {}) });
  const controller = new AbortController();
  const asking = adapters.persist({ signal: controller.signal });
  controller.abort('enough');
  await expect(asking).rejects.toBe('enough');
});
