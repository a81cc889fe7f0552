import { describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { adapters } from '../../../src/page/adapters/adapters';
import { AutoModelForCausalLM } from '../../../src/page/models/auto_classes';
import { expectWithin } from '../../helpers/clock';
import { eventually } from '../../helpers/eventually';
import { fakeWorker, silentWorker } from '../../worker/fake_worker';
import { modelInfo, openSession } from '../session/open_session';

const forever = (): Promise<never> => new Promise(() => {});
const none = () => ({ listStored: async () => [] });
const source = { files: new Map([['config.json', new Blob([])]]) };

function listen({ session }: Awaited<ReturnType<typeof openSession>>) {
  const told: string[] = [];
  session.addEventListener('warning', ({ code }) => told.push(code));
  session.addEventListener('statechange', () => told.push(session.state));
  return told;
}

describe('a worker that dies', () => {
  test('rejects pending calls within five seconds, and is replaced by another', async () => {
    const second = fakeWorker(none);
    const opened = await openSession(() => ({ listStored: forever, getStored: forever }), [second]);
    const { session, locks } = opened;
    const told = listen(opened);
    const errors = Promise.all(
      [adapters.list({ session }), adapters.get('a', { session })].map((call) => call.catch((e: unknown) => e)),
    );
    const [lock = ''] = locks.held;
    const died = performance.now();
    locks.release(lock);
    for (const error of await errors) expect(error).toMatchObject({ code: 'worker_crashed', retryable: true });
    expectWithin(5000, performance.now() - died);
    expect(await adapters.list({ session })).toEqual([]);
    expect(second.fake.argsOf('open')).toEqual(opened.fake.argsOf('open'));
    expect(told).toEqual(['recovering', 'worker_crashed', 'ready']);
    expect(opened.terminated).toBe(true);
    await session.close();
    expect(second.terminated).toBe(true);
  });

  test("isn't used by calls that wait for the next worker", async () => {
    const opened = await openSession(() => ({}), [fakeWorker(none)]);
    opened.worker.dispatchEvent(new Event('messageerror'));
    expect(opened.session.state).toBe('recovering');
    expect(await adapters.list({ session: opened.session })).toEqual([]);
    await opened.session.close();
  });

  test('loses everything that was loaded in it', async () => {
    const second = fakeWorker(() => ({ loadModel: async () => modelInfo, memory: async () => ({}) as never }));
    const opened = await openSession(() => ({ loadModel: async () => modelInfo }), [second]);
    const { session } = opened;
    const model = await AutoModelForCausalLM.from_pretrained(source, { session });
    opened.worker.dispatchEvent(new Event('messageerror'));
    const gone = { code: 'worker_crashed', hint: expect.stringContaining('load the model again') };
    await expect(model.memory()).rejects.toMatchObject(gone);
    await expect(model.forward({ input_ids: [[1]] })).rejects.toMatchObject(gone);
    await expect(model.tokenizer?.encode('text')).rejects.toMatchObject(gone);
    const again = await AutoModelForCausalLM.from_pretrained(source, { session });
    await again.memory();
    await model.dispose();
    // Both models have handle 1, each in its own worker. The old model must not be disposed of in the new worker.
    expect(second.fake.argsOf('memory')).toEqual([[1]]);
    expect(second.fake.argsOf('disposeModel')).toEqual([]);
    await session.close();
  });

  test('is terminated if it can’t be sealed again, and the session ends', async () => {
    const failing = { seal: () => Promise.reject(new WebVeraError('offline', 'no code')) };
    const second = fakeWorker(() => ({ ...none(), ...failing }));
    const opened = await openSession(() => ({ seal: async () => {} }), [second]);
    await opened.session.seal();
    opened.worker.dispatchEvent(new Event('messageerror'));
    await expect(adapters.list({ session: opened.session })).rejects.toMatchObject({ code: 'offline' });
    expect(opened.session.state).toBe('closed');
    expect(second.terminated).toBe(true);
  });

  test('leaves a sealed session sealed', async () => {
    const second = fakeWorker(() => ({ ...none(), seal: async () => {} }));
    const opened = await openSession(() => ({ seal: async () => {} }), [second]);
    await opened.session.seal();
    opened.worker.dispatchEvent(new Event('messageerror'));
    await adapters.list({ session: opened.session });
    expect(second.fake.calls.map(({ name }) => name)).toEqual(['open', 'seal', 'listStored']);
    await opened.session.close();
  });

  test('ends the session if no other worker starts', async () => {
    const silent = silentWorker();
    const opened = await openSession(none, [silent]);
    const told = listen(opened);
    opened.worker.dispatchEvent(new Event('messageerror'));
    const waiting = adapters.list({ session: opened.session }).catch((error: unknown) => error);
    expect(opened.session.state).toBe('recovering');
    await eventually(() => {
      silent.worker.dispatchEvent(new Event('error'));
      expect(opened.session.state).toBe('closed');
    });
    expect(await waiting).toMatchObject({ code: 'worker_crashed', message: /could not be loaded/ });
    expect(told).toEqual(['recovering', 'worker_crashed', 'closed']);
    await expect(adapters.list({ session: opened.session })).rejects.toMatchObject({ code: 'worker_crashed' });
  });

  test('while the session opens is replaced too', async () => {
    const second = fakeWorker(() => ({ open: forever }));
    const third = fakeWorker(none);
    const opened = await openSession(none, [second, third]);
    opened.worker.dispatchEvent(new Event('messageerror'));
    await eventually(() => expect(second.fake.argsOf('open')).toHaveLength(1));
    second.worker.dispatchEvent(new Event('messageerror'));
    expect(await adapters.list({ session: opened.session })).toEqual([]);
    expect(second.terminated).toBe(true);
    expect(third.fake.argsOf('open')).toEqual(opened.fake.argsOf('open'));
    await opened.session.close();
  });

  test('is replaced three times at most by workers that do nothing', async () => {
    const others = Array.from({ length: 4 }, () => fakeWorker(none));
    const opened = await openSession(none, others);
    const { session } = opened;
    let last = opened.worker;
    for (const { worker } of others.slice(0, 3)) {
      last.dispatchEvent(new Event('messageerror'));
      await eventually(() => expect(session.state).toBe('ready'));
      last = worker as typeof last;
    }
    last.dispatchEvent(new Event('messageerror'));
    expect(session.state).toBe('closed');
  });

  test('is not replaced in a session that is closing', async () => {
    const second = fakeWorker(none);
    const opened = await openSession(none, [second]);
    opened.worker.dispatchEvent(new Event('messageerror'));
    await opened.session.close();
    await eventually(() => expect(second.terminated).toBe(true));
    expect(opened.session.state).toBe('closed');
  });

  test('rejects calls that wait for the next worker when the session is closed', async () => {
    const opened = await openSession(none, [silentWorker()]);
    opened.worker.dispatchEvent(new Event('messageerror'));
    const waiting = adapters.list({ session: opened.session }).catch((error: unknown) => error);
    await opened.session.close();
    expect(await waiting).toMatchObject({ name: 'AbortError' });
    await expect(adapters.list({ session: opened.session })).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('that is stuck is ended', async () => {
    const opened = await openSession(() => ({ listStored: forever }), [fakeWorker(none)]);
    // Simulates a stuck thread: the worker receives no messages and sends none.
    opened.scope.dispatchEvent = () => true;
    vi.spyOn(opened.worker, 'postMessage').mockImplementation(() => {});
    const began = performance.now();
    const call = adapters.list({ session: opened.session });
    await expect(call).rejects.toMatchObject({ code: 'worker_crashed', message: /silent for 4 s/ });
    expectWithin(5000, performance.now() - began);
    expect(opened.terminated).toBe(true);
    expect(await adapters.list({ session: opened.session })).toEqual([]);
    await opened.session.close();
  });
});
