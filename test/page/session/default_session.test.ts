import { afterEach, expect, test, vi } from 'vitest';
import { adapters } from '../../../src/page/adapters/adapters';
import { AutoTokenizer } from '../../../src/page/models/auto_classes';
import { defaultSession } from '../../../src/page/session/default_session';
import { eventually } from '../../helpers/eventually';
import { fakeWorker } from '../../worker/fake_worker';

afterEach(() => {
  vi.unstubAllGlobals();
});

const forever = (): Promise<never> => new Promise(() => {});

const closeDefault = async (): Promise<void> => (await defaultSession()).close();

/** Installs a fake global `Worker`, and returns a list of the workers that it makes. */
function stubWorkers(script?: Parameters<typeof fakeWorker>[0]): ReturnType<typeof fakeWorker>[] {
  const started: ReturnType<typeof fakeWorker>[] = [];
  class StubWorker {
    constructor(url: string, options: WorkerOptions) {
      expect(url).toMatch(/worker/);
      expect(options).toEqual({ type: 'module', name: 'webvera' });
      const next = fakeWorker(script);
      started.push(next);
      // biome-ignore lint/correctness/noConstructorReturn: `new Worker` must give the fake
      return next.worker as unknown as StubWorker;
    }
  }
  vi.stubGlobal('Worker', StubWorker);
  return started;
}

test('the default session is opened once, on first use, and has a worker that died replaced', async () => {
  const started = stubWorkers(() => ({ listStored: async () => [] }));
  expect(started).toHaveLength(0);
  expect(await Promise.all([adapters.list(), adapters.list()])).toEqual([[], []]);
  expect(started).toHaveLength(1);
  started[0]?.worker.dispatchEvent(new Event('error'));
  expect(await adapters.list()).toEqual([]);
  expect(started).toHaveLength(2);
  await closeDefault();
});

test('the default session exists for event listeners before it opens', async () => {
  const started = stubWorkers(() => ({ listStored: async () => [] }));
  const session = await defaultSession();
  expect(await adapters.list()).toEqual([]);
  expect(await defaultSession()).toBe(session);
  expect(started).toHaveLength(1);
  const reason = new Error('changed my mind');
  await expect(defaultSession({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await session.close();
  expect(await defaultSession()).not.toBe(session);
  await closeDefault();
});

test('the default session opens again after a failure', async () => {
  let attempts = 0;
  const open = async (): Promise<void> => {
    if (++attempts === 1) throw new Error('not yet');
  };
  stubWorkers(() => ({ open, listStored: async () => [] }));
  await expect(adapters.list()).rejects.toMatchObject({ code: 'internal' });
  expect(await adapters.list()).toEqual([]);
  await closeDefault();
});

test('the default session does not delay an aborted call', async () => {
  const started = stubWorkers(() => ({ open: forever }));
  const reason = new Error('changed my mind');
  await expect(AutoTokenizer.from_pretrained('org/name', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(started).toHaveLength(0);
  const controller = new AbortController();
  const call = AutoTokenizer.from_pretrained('org/name', { signal: controller.signal });
  await eventually(() => expect(started[0]?.fake.argsOf('open')).toHaveLength(1));
  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
  started[0]?.worker.dispatchEvent(new Event('error'));
});
