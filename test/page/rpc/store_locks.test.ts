import { afterEach, expect, test, vi } from 'vitest';
import type { WebLocks } from '../../../src/core/locks/web_locks';
import { StoreLocks } from '../../../src/page/rpc/store_locks';
import { eventually } from '../../helpers/eventually';
import { withResolvers } from '../../helpers/with_resolvers';
import { FakeLocks } from '../../worker/fake_locks';

/** Rejects, as every Web Locks request does in a sandboxed frame. */
const refuse = () => Promise.reject(new DOMException('not here', 'SecurityError'));
const refusing: WebLocks = { request: refuse, query: refuse };

afterEach(() => void vi.restoreAllMocks());

test.each<[string, WebLocks | undefined, (() => Promise<boolean>)?]>([
  ['Web Locks', new FakeLocks().manager],
  ['none', undefined],
  ['refused ones', refusing],
  ['those of profiles that no other tab sees', refusing, async () => false],
])('one after the other, with %s', async (_, manager, isShared) => {
  const locks = new StoreLocks(manager, isShared);
  const order: string[] = [];
  let finish = (): void => {};
  const first = locks.hold('a', async () => {
    order.push('first begins');
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    order.push('first ends');
  });
  const second = locks.hold('a', async () => void order.push('second'));
  await locks.hold('b', async () => void order.push('other'));
  expect(await locks.take('a')).toBeUndefined();
  finish();
  await Promise.all([first, second]);
  expect(order).toEqual(['first begins', 'other', 'first ends', 'second']);
  const release = await locks.take('a');
  expect(release).toBeDefined();
  const controller = new AbortController();
  const waiting = locks.wait('a', controller.signal);
  controller.abort('enough');
  release?.();
  await expect(waiting).rejects.toBe('enough');
  await expect(locks.hold('a', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await locks.take('a')).toBeDefined();
});

test('profiles that no other tab sees block only their own session', async () => {
  const browser = new FakeLocks();
  const session = (isShared: boolean) => new StoreLocks(browser.manager, async () => isShared);
  const [one, other, shared] = [session(false), session(false), session(true)];
  expect(await one.take('a')).toBeDefined();
  expect(await one.take('a')).toBeUndefined();
  for (const locks of [other, shared]) expect(await locks.take('a')).toBeDefined();
  expect(browser.held).toEqual(['a']);
});

test('a caller who aborts while the store is opened gets no lock', async () => {
  const controller = new AbortController();
  const locks = new StoreLocks(new FakeLocks().manager, async () => {
    controller.abort('enough');
    return false;
  });
  await expect(locks.wait('a', controller.signal)).rejects.toBe('enough');
});

/** The calls that wait for a lock for a limited time. */
const limited: [string, (locks: StoreLocks) => Promise<string>][] = [
  ['hold', (locks) => locks.hold('a', async () => 'free').catch(({ code }) => code)],
  ['take', async (locks) => ((await locks.take('a', 1000)) === undefined ? 'locked_by_other_tab' : 'free')],
];

test.each(limited)('%s takes a free lock, no matter how late the store answers', async (_, use) => {
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort('late'));
  expect(await use(new StoreLocks(new FakeLocks().manager))).toBe('free');
});

test.each(limited)('%s waits for a held lock only from the time at which the store has answered', async (_, use) => {
  const browser = new FakeLocks();
  browser.of('other').request('a', () => new Promise(() => {}));
  const late = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late.signal);
  const answer = withResolvers<boolean>();
  const isShared = vi.fn(() => answer.promise);
  const outcome = use(new StoreLocks(browser.manager, isShared));
  await eventually(() => expect(isShared).toHaveBeenCalled());
  expect(timeout).not.toHaveBeenCalled();
  answer.resolve(true);
  await eventually(() => expect(browser.waiting('a')).toBe(1));
  late.abort(new DOMException('late', 'TimeoutError'));
  expect(await outcome).toBe('locked_by_other_tab');
  expect(browser.waiting('a')).toBe(0);
});
