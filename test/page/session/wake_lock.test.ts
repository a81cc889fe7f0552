import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepScreenOn } from '../../../src/page/session/wake_lock';

/** A fake WakeLockSentinel. Browsers release a real one when the page is hidden or the battery is low. */
class FakeSentinel {
  released = false;
  async release(): Promise<void> {
    this.released = true;
  }
}

let given: FakeSentinel[];
let refusal: Error | undefined;
let page: EventTarget & { visibilityState: string };
const held = () => given.filter(({ released }) => !released).length;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function show(state: 'visible' | 'hidden'): void {
  page.visibilityState = state;
  if (state === 'hidden') for (const sentinel of given) sentinel.released = true;
  page.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  given = [];
  refusal = undefined;
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const request = async (type: string) => {
    expect(type).toBe('screen');
    if (refusal !== undefined) throw refusal;
    const sentinel = new FakeSentinel();
    given.push(sentinel);
    return sentinel;
  };
  vi.stubGlobal('document', page);
  vi.stubGlobal('navigator', { wakeLock: { request } });
});
afterEach(() => vi.unstubAllGlobals());

test('the screen stays on while it is requested, by one lock', async () => {
  const screen = keepScreenOn(expect.unreachable);
  await settled();
  expect(given).toHaveLength(0);
  screen.request(true);
  screen.request(true);
  await settled();
  expect([held(), given.length]).toEqual([1, 1]);
  screen.request(false);
  await settled();
  expect(held()).toBe(0);
  screen.request(true);
  screen.close();
  await settled();
  expect(held()).toBe(0);
  screen.request(true);
  show('visible');
  await settled();
  expect(held()).toBe(0);
});

test('the lock is requested again when the page is shown, unless the request ended', async () => {
  const screen = keepScreenOn(expect.unreachable);
  screen.request(true);
  await settled();
  show('hidden');
  await settled();
  expect([held(), given.length]).toEqual([0, 1]);
  show('visible');
  await settled();
  expect([held(), given.length]).toEqual([1, 2]);
  show('hidden');
  screen.request(false);
  show('visible');
  await settled();
  expect([held(), given.length]).toEqual([0, 2]);
});

test('a refusal is reported once', async () => {
  const told = vi.fn();
  const screen = keepScreenOn(told);
  refusal = new DOMException('the battery is low', 'NotAllowedError');
  for (const isOn of [true, false, true]) screen.request(isOn);
  await settled();
  expect(told.mock.calls).toEqual([['the battery is low']]);
  show('visible');
  await settled();
  expect(told).toHaveBeenCalledOnce();
  refusal = undefined;
  show('visible');
  await settled();
  expect(held()).toBe(1);
});

test('a browser without wake locks is reported, but not a missing page', async () => {
  const told = vi.fn();
  vi.stubGlobal('navigator', {});
  keepScreenOn(told).request(true);
  await settled();
  expect(told.mock.calls).toEqual([['this browser has no screen wake lock']]);
  vi.stubGlobal('document', undefined);
  const screen = keepScreenOn(expect.unreachable);
  screen.request(true);
  await settled();
  screen.close();
});
