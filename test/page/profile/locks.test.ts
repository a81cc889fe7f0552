import { expect, test } from 'vitest';
import { ProfileLocks } from '../../../src/page/profile/locks';
import { FakeLocks } from '../../worker/fake_locks';

/** As a sandboxed frame's. */
const refusing: Pick<LockManager, 'request'> = {
  request: () => Promise.reject(new DOMException('not here', 'SecurityError')),
};

test.each<[string, Pick<LockManager, 'request'> | undefined]>([
  ['Web Locks', new FakeLocks().manager],
  ['none', undefined],
  ['refused ones', refusing],
])('one after the other, with %s', async (_, manager) => {
  const locks = new ProfileLocks(manager);
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
