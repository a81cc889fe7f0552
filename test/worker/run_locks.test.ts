import { expect, test } from 'vitest';
import { RunLocks } from '../../src/worker/run_locks';

/** Web Locks as one browser has them, of which only `ifAvailable` is asked for. */
function browserLocks(): Pick<LockManager, 'request'> {
  const held = new Set<string>();
  const request = async (name: string, _: object, use: (lock: object | null) => Promise<void> | undefined) => {
    if (held.has(name)) return use(null);
    held.add(name);
    await use({});
    held.delete(name);
  };
  return { request } as unknown as Pick<LockManager, 'request'>;
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test.each([
  ['with Web Locks', browserLocks()],
  ['without', undefined],
])('one run at a time has a name, in one session, %s', async (_, manager) => {
  const locks = new RunLocks(manager);
  const release = await locks.take('a');
  expect(release).toBeTypeOf('function');
  expect(await locks.take('a')).toBeUndefined();
  expect(await locks.take('b')).toBeTypeOf('function');
  release?.();
  await settled();
  expect(await locks.take('a')).toBeTypeOf('function');
});

test('and in several tabs', async () => {
  const manager = browserLocks();
  const [one, other] = [new RunLocks(manager), new RunLocks(manager)];
  const release = await one.take('a');
  expect(await other.take('a')).toBeUndefined();
  expect(await other.take('b')).toBeTypeOf('function');
  release?.();
  await settled();
  expect(await other.take('a')).toBeTypeOf('function');
  expect(await one.take('a')).toBeUndefined();
});

test('where locks are refused, the session still sees to its own', async () => {
  const request = () => Promise.reject(new DOMException('sandboxed', 'SecurityError'));
  const locks = new RunLocks({ request } as unknown as Pick<LockManager, 'request'>);
  expect(await locks.take('a')).toBeTypeOf('function');
  expect(await locks.take('a')).toBeUndefined();
});
