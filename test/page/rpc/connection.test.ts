import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { type Connection, connectDirectly, connectWorker } from '../../../src/page/rpc/connection';
import type { WorkerEvent } from '../../../src/worker/protocol';
import { serve } from '../../../src/worker/rpc/serve';
import { eventually } from '../../helpers/eventually';
import { FakeSession, type Script } from '../../worker/fake_session';
import { type FakeWorker, fakeWorker, silentWorker } from '../../worker/fake_worker';

interface Connected extends FakeWorker {
  readonly connection: Connection;
  readonly events: WorkerEvent[];
  readonly onDeath: ReturnType<typeof vi.fn<(error: WebVeraError) => void>>;
}

async function connect(script?: (fake: () => FakeSession) => Script): Promise<Connected> {
  const started = fakeWorker(script);
  const events: WorkerEvent[] = [];
  const onDeath = vi.fn<(error: WebVeraError) => void>();
  const host = { emit: (event: WorkerEvent) => void events.push(event), onDeath };
  const connection = await connectWorker(started.worker, host, { locks: started.locks.manager });
  return Object.assign(started, { connection, events, onDeath });
}

describe('a connection to a worker', () => {
  test('calls the session and brings back its result', async () => {
    const { connection, fake } = await connect(() => ({ encode: async () => [1, 2, 3] }));
    expect(await connection.invoke('encode', [7, 'text', { add_special_tokens: true }])).toEqual([1, 2, 3]);
    expect(fake.calls).toEqual([{ name: 'encode', args: [7, 'text', { add_special_tokens: true }] }]);
    connection.terminate();
  });

  test('moves the buffers of a result instead of copying them', async () => {
    const data = Float32Array.of(1, 2);
    const { connection } = await connect(() => ({ forward: async () => ({ logits: { dims: [1, 1, 2], data } }) }));
    const result = await connection.invoke('forward', []);
    expect(result).toEqual({ logits: { dims: [1, 1, 2], data: Float32Array.of(1, 2) } });
    expect(data.length).toBe(0); // detached
    connection.terminate();
  });

  test('keeps the order of events and results', async () => {
    const { connection, events } = await connect((fake) => ({
      async generate(call) {
        for (const token_id of [5, 6]) fake().emit({ type: 'token', call, row: 0, token_id, text: '' });
        return ['done'];
      },
    }));
    await connection.invoke('generate', [3]);
    expect(events).toEqual([
      { type: 'token', call: 3, row: 0, token_id: 5, text: '' },
      { type: 'token', call: 3, row: 0, token_id: 6, text: '' },
    ]);
    connection.terminate();
  });

  test('brings errors over as instances', async () => {
    const thrown = new WebVeraError('not_found', 'no such file', { hint: 'look again', detail: { file: 'a' } });
    const { connection } = await connect(() => ({ loadModel: () => Promise.reject(thrown) }));
    const error = await connection.invoke('loadModel', []).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(WebVeraError);
    expect(error).toMatchObject({
      code: 'not_found',
      message: 'no such file',
      hint: 'look again',
      detail: { file: 'a' },
    });
    connection.terminate();
  });

  test('reports an argument or a result that can not be sent', async () => {
    const { connection } = await connect(() => ({ encode: async () => [(() => {}) as unknown as number] }));
    await expect(connection.invoke('encode', [() => {}])).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(connection.invoke('encode', [])).rejects.toMatchObject({ code: 'internal' });
    connection.terminate();
  });

  test('reports uncaught errors of the worker', async () => {
    const { connection, events, scope } = await connect();
    const rejection = Object.assign(new Event('unhandledrejection', { cancelable: true }), {
      reason: new TypeError('a slip'),
    });
    scope.dispatchEvent(rejection);
    expect(rejection.defaultPrevented).toBe(true);
    await eventually(() =>
      expect(events).toEqual([{ type: 'warning', code: 'internal', message: 'TypeError: a slip' }]),
    );
    connection.terminate();
  });
});

describe('a worker that says that it will be silent', () => {
  test('is given that time', async () => {
    const { connection, scope, onDeath } = await connect(() => ({ listStored: () => new Promise(() => {}) }));
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      void connection.invoke('listStored', []);
      scope.postMessage({ webvera: 'quiet', seconds: 20 });
      // The message arrives in the next turn of the event loop, without a timer.
      await new Promise((resolve) => setImmediate(resolve));
      vi.spyOn(scope, 'postMessage').mockImplementation(() => {});
      await vi.advanceTimersByTimeAsync(23_000);
      expect(onDeath).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(3000);
      expect(onDeath).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
      connection.terminate();
    }
  });
});

test('a worker of a page over http, which has neither Web Locks nor random UUIDs, is ready at once', async () => {
  const { worker, scope } = silentWorker();
  Object.assign(scope, { navigator: {} });
  vi.stubGlobal('crypto', {});
  try {
    void serve((host) => FakeSession.create(host, { encode: async () => [1] }, () => {}), scope);
    const connection = await connectWorker(worker, { emit: () => {}, onDeath: () => {} }, { locks: undefined });
    expect(await connection.invoke('encode', [])).toEqual([1]);
    connection.terminate();
  } finally {
    vi.unstubAllGlobals();
  }
});

describe('a worker that takes long to start', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  function start(options: Parameters<typeof connectWorker>[2] = {}) {
    const late = vi.fn<(error: WebVeraError) => void>();
    const stop = new AbortController();
    const host = { emit: () => {}, onDeath: () => {} };
    const { worker } = silentWorker();
    void connectWorker(worker, host, { locks: undefined, signal: stop.signal, ...options }).catch(late);
    return { late, stop: () => stop.abort() };
  }

  test.each([
    ['a minute by default', {}, 60],
    ['a minute, if calls have less', { patience: 20 }, 60],
    ['as long as calls', { patience: 90 }, 90],
  ])('has %s', async (_, options, seconds) => {
    const { late } = start(options);
    await vi.advanceTimersByTimeAsync(1000 * seconds - 1);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late.mock.calls[0]?.[0]).toMatchObject({
      code: 'worker_crashed',
      message: expect.stringContaining(`${seconds} s`),
      hint: expect.stringContaining('very slow'),
    });
  });

  test.each([Number.POSITIVE_INFINITY, 1e9])('has no limit where the patience is %d s', async (patience) => {
    const { late, stop } = start({ patience });
    await vi.advanceTimersByTimeAsync(100_000_000);
    expect(late).not.toHaveBeenCalled();
    stop();
  });

  test('has its time from when a prerendered page is opened, because browsers start no workers before', async () => {
    const page = Object.assign(new EventTarget(), { prerendering: true });
    vi.stubGlobal('document', page);
    const { late } = start();
    const given = start();
    given.stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(late).not.toHaveBeenCalled();
    page.dispatchEvent(new Event('prerenderingchange'));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(late).toHaveBeenCalledOnce();
    expect(given.late).toHaveBeenCalledOnce(); // by its signal
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a worker that fails', () => {
  const host = { emit: () => {}, onDeath: () => {} };

  test('is ended when it is not ready in time', async () => {
    const silent = silentWorker();
    const connecting = connectWorker(silent.worker, host, { handshake: 20, locks: undefined });
    await expect(connecting).rejects.toMatchObject({ code: 'worker_crashed', retryable: true });
    expect(silent.terminated).toBe(true);
  });

  test('is ended at once when its script fails to load', async () => {
    const silent = silentWorker();
    const connecting = connectWorker(silent.worker, host);
    silent.worker.dispatchEvent(new Event('error')); // a 404 has no message
    await expect(connecting).rejects.toMatchObject({
      code: 'worker_crashed',
      message: /could not be loaded/,
      hint: /reload the page: .*Vite 5 to 7/,
    });
    expect(silent.terminated).toBe(true);
  });

  test('is refused when it is of another version', async () => {
    const silent = silentWorker();
    const connecting = connectWorker(silent.worker, host);
    silent.scope.postMessage({ webvera: 'ready', version: '0.0.1', lock: null });
    await expect(connecting).rejects.toMatchObject({
      code: 'worker_crashed',
      message: expect.stringMatching(/got 0\.0\.1/),
      hint: 'Reload the page: its site may have a new version.',
    });
  });

  test('does not delay a caller who aborts', async () => {
    const silent = silentWorker();
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const connecting = connectWorker(silent.worker, host, { signal: controller.signal });
    controller.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    expect(silent.terminated).toBe(true);
  });

  test('is known to be dead when its lock is free', async () => {
    const { connection, locks, onDeath } = await connect();
    const [name = ''] = locks.held;
    expect(name).toMatch(/^webvera:alive:/);
    expect(locks.waiting(name)).toBe(1);
    expect(onDeath).not.toHaveBeenCalled();
    locks.release(name);
    await eventually(() => expect(onDeath).toHaveBeenCalledOnce());
    expect(onDeath.mock.calls[0]?.[0]).toMatchObject({ code: 'worker_crashed' });
    connection.terminate();
  });

  test.each(['error', 'messageerror'])('is ended after an event of type %s', async (type) => {
    const { connection, worker, onDeath } = await connect();
    worker.dispatchEvent(new Event(type));
    expect(onDeath).toHaveBeenCalledOnce();
    connection.terminate();
  });

  test('is no longer watched once the connection is ended', async () => {
    const { connection, locks, onDeath, terminated } = await connect();
    const [name = ''] = locks.held;
    expect(terminated).toBe(false);
    connection.terminate();
    connection.terminate();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(locks.waiting(name)).toBe(0);
    expect(onDeath).not.toHaveBeenCalled();
  });
});

describe('a connection within this thread', () => {
  test('calls the session, and knows its errors', async () => {
    const script: Script = { encode: async () => [1], decode: () => Promise.reject(new TypeError('x')) };
    const connection = connectDirectly(FakeSession.create({ emit: () => {} }, script, () => {}));
    expect(await connection.invoke('encode', [])).toEqual([1]);
    await expect(connection.invoke('decode', [])).rejects.toMatchObject({ code: 'internal', message: 'TypeError: x' });
  });
});
