import { afterEach, describe, expect, test, vi } from 'vitest';
import { adapters } from '../../../src/page/adapters/adapters';
import { eventually } from '../../helpers/eventually';
import { withResolvers } from '../../helpers/with_resolvers';
import { openSession } from './open_session';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const forever = (): Promise<never> => new Promise(() => {});

describe('a session', () => {
  test('when closed lets the worker finish, ends it, and rejects pending and later calls', async () => {
    const opened = await openSession(() => ({ listStored: forever }));
    const pending = adapters.list({ session: opened.session }).catch((error: unknown) => error);
    await eventually(() => expect(opened.fake.argsOf('listStored')).toHaveLength(1));
    await opened.session.close();
    await opened.session.close();
    expect(await pending).toMatchObject({ name: 'AbortError' });
    expect(opened.fake.argsOf('close')).toHaveLength(1);
    expect(opened.terminated).toBe(true);
    expect(opened.session.state).toBe('closed');
    await expect(adapters.list({ session: opened.session })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'Expected an open session, got a closed one',
    });
  });

  test('rejects a call that is not answered in time', async () => {
    const { session } = await openSession(() => ({ listStored: forever }));
    vi.useFakeTimers();
    try {
      const call = adapters.list({ session }).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(30_000);
      expect(await call).toMatchObject({ code: 'timeout', retryable: true, message: /^listStored: expected/ });
    } finally {
      vi.useRealTimers();
    }
    await session.close();
  });

  test('waits for a late call without end if it was opened with endless patience', async () => {
    const listed = withResolvers<[]>();
    const { session } = await openSession(() => ({ listStored: () => listed.promise }), [], {
      patience: Number.POSITIVE_INFINITY,
    });
    vi.useFakeTimers();
    try {
      const call = adapters.list({ session });
      call.catch(() => {});
      await vi.advanceTimersByTimeAsync(3_600_000);
      listed.resolve([]);
      expect(await call).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
    await session.close();
  });

  test('waits out the silence that the worker has announced before it rejects a late call', async () => {
    const { session, scope } = await openSession(() => ({ listStored: forever }));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    try {
      let late: unknown;
      adapters.list({ session }).catch((error: unknown) => {
        late = error;
      });
      await vi.advanceTimersByTimeAsync(1000);
      scope.postMessage({ webvera: 'quiet', seconds: 40 });
      // The message arrives in the next turn of the event loop, without a timer.
      await new Promise((resolve) => setImmediate(resolve));
      const post = vi.spyOn(scope, 'postMessage').mockImplementation(() => {});
      await vi.advanceTimersByTimeAsync(38_000);
      expect(late).toBeUndefined();
      await vi.advanceTimersByTimeAsync(4000);
      expect(late).toMatchObject({ code: 'timeout', message: /expected an answer within 30 s/ });
      post.mockRestore();
    } finally {
      vi.useRealTimers();
    }
    await session.close();
  });

  test('is disposed of by await using', async () => {
    const { session } = await openSession();
    const key: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');
    await session[key]();
    expect(session.state).toBe('closed');
  });
});
