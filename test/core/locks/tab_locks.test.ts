import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Holder } from '../../../src/core/locks/held_name';
import { TabLocks } from '../../../src/core/locks/tab_locks';
import { ANSWERS_WITHIN, RELEASES_WITHIN, type WebLocks } from '../../../src/core/locks/web_locks';
import { eventually } from '../../helpers/eventually';
import { FakeLocks } from '../../worker/fake_locks';

const tab = (locks: WebLocks | undefined): TabLocks => new TabLocks(locks, 'run:');
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const holder = () => ({ onAsked: vi.fn(), onLost: vi.fn() }) satisfies Holder;
const refused = { request: () => Promise.reject(new DOMException('sandboxed', 'SecurityError')) } as never as WebLocks;

describe('a name has one holder at a time', () => {
  test.each([
    ['with Web Locks', new FakeLocks().manager],
    ['without', undefined],
    ['where they are refused', refused],
  ])('among those that share an object, %s', async (_, manager) => {
    const locks = tab(manager);
    const one = await locks.take('a');
    expect(one).toMatchObject({ wasTaken: false });
    expect(await locks.take('a')).toBeUndefined();
    expect(await locks.take('b')).toBeDefined();
    one?.release();
    await settled();
    expect(await locks.take('a')).toMatchObject({ wasTaken: false });
  });

  test('and is forgotten after its release, without Web Locks too', async () => {
    setFlagsFromString('--expose_gc');
    const gc = runInNewContext('gc') as () => void;
    const locks = tab(undefined);
    const had = await (async () => {
      const one = { onAsked() {}, onLost() {} };
      (await locks.take('a', { holder: one }))?.release();
      return new WeakRef(one);
    })();
    await settled();
    gc();
    expect(had.deref()).toBeUndefined();
    expect(await locks.take('a')).toBeDefined();
  });

  test('among all tabs', async () => {
    const browser = new FakeLocks();
    const [one, other] = [tab(browser.manager), tab(browser.manager)];
    const held = await one.take('a');
    expect(browser.held).toEqual(['run:a']);
    expect(await other.take('a')).toBeUndefined();
    expect(await other.take('b')).toBeDefined();
    held?.release();
    await settled();
    expect(await other.take('a')).toBeDefined();
    expect(await one.take('a')).toBeUndefined();
  });
});

test('a name that no other tab sees is held within its session', async () => {
  const browser = new FakeLocks();
  const alone = (): TabLocks => new TabLocks(browser.manager, 'run:', async () => false);
  const [one, other] = [alone(), alone()];
  const held = await one.take('a');
  expect(await one.take('a')).toBeUndefined();
  expect(await other.take('a')).toBeDefined();
  expect(browser.held).toEqual([]);
  held?.release();
  await settled();
  expect(await one.take('a')).toBeDefined();
});

describe('taking over', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  test.each([
    ['another tab', (browser: FakeLocks) => [tab(browser.of('one')), tab(browser.of('other'))] as const],
    ['another session, without Web Locks', () => [tab(undefined)] as const],
  ])('%s asks, and waits for the release', async (_, tabs) => {
    const [one, other = one] = tabs(new FakeLocks());
    const asked = holder();
    const held = await one.take('a', { holder: asked });
    const taking = other.take('a', { takesOver: true });
    await eventually(() => expect(asked.onAsked).toHaveBeenCalledOnce());
    // The holder has answered, but hasn't finished its work yet.
    await settled();
    await vi.advanceTimersByTimeAsync(RELEASES_WITHIN - 1000);
    held?.release();
    expect(await taking).toMatchObject({ wasTaken: true });
    expect(asked.onLost).not.toHaveBeenCalled();
    held?.lose();
    expect(asked.onLost).not.toHaveBeenCalled();
  });

  test('a free name is granted at once', async () => {
    expect(await tab(new FakeLocks().manager).take('a', { takesOver: true })).toMatchObject({ wasTaken: false });
    expect(await tab(undefined).take('a', { takesOver: true })).toMatchObject({ wasTaken: false });
  });

  test('a holder that crashes while it is asked loses it', async () => {
    const browser = new FakeLocks();
    await tab(browser.of('one')).take('a', { holder: holder() });
    const taking = tab(browser.of('other')).take('a', { takesOver: true });
    await eventually(() => expect(browser.waiting('run:a')).toBe(1));
    browser.release('run:a');
    expect(await taking).toBeDefined();
  });

  test('a silent holder loses it after three seconds, and is informed', async () => {
    const browser = new FakeLocks();
    const lost = vi.fn();
    // A frozen tab holds the lock and receives no messages.
    browser
      .of('frozen')
      .request('run:a', {}, () => new Promise(() => {}))
      .catch(lost);
    const done = vi.fn();
    const taking = tab(browser.of('other')).take('a', { takesOver: true }).finally(done);
    await vi.advanceTimersByTimeAsync(ANSWERS_WITHIN - 1);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await taking).toMatchObject({ wasTaken: true });
    expect(lost.mock.calls).toMatchObject([[{ name: 'AbortError' }]]);
    expect(ANSWERS_WITHIN).toBe(3000);
  });

  test.each([
    ['another tab', (browser: FakeLocks) => [tab(browser.of('one')), tab(browser.of('other'))] as const],
    ['another session, without Web Locks', () => [tab(undefined)] as const],
  ])('%s that answers but doesn’t release loses it, once', async (_, tabs) => {
    const [one, other = one] = tabs(new FakeLocks());
    const asked = holder();
    const held = await one.take('a', { holder: asked });
    const taking = other.take('a', { takesOver: true });
    await eventually(() => expect(asked.onAsked).toHaveBeenCalled());
    await settled();
    await vi.advanceTimersByTimeAsync(RELEASES_WITHIN);
    const taken = await taking;
    expect(asked.onLost).toHaveBeenCalledOnce();
    held?.release();
    await settled();
    expect(await other.take('a')).toBeUndefined();
    taken?.release();
    await settled();
    expect(await other.take('a')).toBeDefined();
  });

  test('an old question is ignored, because no tab waits any more', async () => {
    const browser = new FakeLocks();
    const asked = holder();
    await tab(browser.of('one')).take('a', { holder: asked });
    const [stale, witness] = [new BroadcastChannel('run:a'), new BroadcastChannel('run:a')];
    const heard = vi.fn();
    witness.addEventListener('message', heard);
    const messages = [{ asks: 'long ago' }, null, 'asks', { answers: 'x' }];
    for (const message of messages) stale.postMessage(message);
    await eventually(() => expect(heard).toHaveBeenCalledTimes(messages.length));
    await settled();
    expect(asked.onAsked).not.toHaveBeenCalled();
    for (const channel of [stale, witness]) channel.close();
  });

  test('an aborted caller takes nothing, and steals nothing', async () => {
    const browser = new FakeLocks();
    const one = holder();
    await tab(browser.of('one')).take('a', { holder: one });
    const controller = new AbortController();
    const taking = tab(browser.of('other')).take('a', { takesOver: true, signal: controller.signal });
    const failed = expect(taking).rejects.toBe('enough');
    await eventually(() => expect(browser.waiting('run:a')).toBe(1));
    controller.abort('enough');
    await failed;
    expect(browser.waiting('run:a')).toBe(0);
    await vi.advanceTimersByTimeAsync(2 * RELEASES_WITHIN);
    expect(one.onLost).not.toHaveBeenCalled();
    expect(browser.held).toEqual(['run:a']);
  });

  test('an aborted caller in the same session takes nothing either', async () => {
    const locks = tab(undefined);
    const one = holder();
    await locks.take('a', { holder: one });
    const failed = expect(locks.take('a', { takesOver: true, signal: AbortSignal.abort('enough') })).rejects.toBe(
      'enough',
    );
    await failed;
    expect(one.onLost).not.toHaveBeenCalled();
    expect(await locks.take('a')).toBeUndefined();
  });
});

describe('checking whether a name is still held', () => {
  async function asleep() {
    const browser = new FakeLocks();
    const one = holder();
    const held = await tab(browser.of('one')).take('a', { holder: one });
    return { browser, one, held };
  }

  test('changes nothing if it is', async () => {
    const { browser, one, held } = await asleep();
    await held?.check();
    expect(one.onLost).not.toHaveBeenCalled();
    await eventually(() => expect(browser.held).toEqual(['run:a']));
  });

  test('takes it again if the browser has released it', async () => {
    const { browser, one, held } = await asleep();
    browser.release('run:a');
    await held?.check();
    expect(one.onLost).not.toHaveBeenCalled();
    expect(await tab(browser.of('other')).take('a')).toBeUndefined();
    held?.release();
    await settled();
    expect(await tab(browser.of('other')).take('a')).toBeDefined();
  });

  test('reports that another tab holds it', async () => {
    const { browser, one, held } = await asleep();
    browser.release('run:a');
    await tab(browser.of('other')).take('a');
    await held?.check();
    expect(one.onLost).toHaveBeenCalledOnce();
    await held?.check();
    expect(one.onLost).toHaveBeenCalledOnce();
  });
});
