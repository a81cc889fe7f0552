import { expect, test, vi } from 'vitest';
import { SharedItems } from '../../../src/page/profile/shared';

/** An object that records whether it was closed. */
class Thing {
  isOpen = true;
  closed = 0;

  async close(): Promise<void> {
    this.isOpen = false;
    this.closed += 1;
  }
}

const open = async (): Promise<Thing> => new Thing();

test('an item is opened once, and closed with its last holder', async () => {
  const shared = new SharedItems<Thing>();
  const [first, second] = await Promise.all([shared.hold('a', open), shared.hold('a', open)]);
  expect([first.isNew, second.isNew]).toEqual([true, false]);
  expect(second.item).toBe(first.item);
  expect((await shared.hold('b', open)).item).not.toBe(first.item);
  await Promise.all([first.release(), first.release()]);
  await first.release();
  expect(first.item.closed).toBe(0);
  await second.release();
  expect(first.item.closed).toBe(1);
  expect((await shared.hold('a', open)).item).not.toBe(first.item);
});

test('an item that is being closed is awaited', async () => {
  const shared = new SharedItems<Thing>();
  const first = await shared.hold('a', open);
  const order: string[] = [];
  const ending = first.end(async () => {
    await Promise.resolve();
    order.push('ended');
  });
  const next = shared.hold('a', async () => {
    order.push('opened');
    return open();
  });
  await Promise.all([ending, next]);
  expect(order).toEqual(['ended', 'opened']);
  await first.release();
  expect((await next).item.isOpen).toBe(true);
});

test('an item that ended by itself is opened again', async () => {
  const shared = new SharedItems<Thing>();
  const first = await shared.hold('a', open);
  await first.item.close();
  const second = await shared.hold('a', open);
  expect([second.isNew, second.item.isOpen]).toEqual([true, true]);
  await first.release();
  expect((await shared.hold('a', open)).item).toBe(second.item);
});

test('an aborted caller leaves it to other holders, or closes it', async () => {
  const shared = new SharedItems<Thing>();
  let finish: (thing: Thing) => void = () => {};
  const slow = (): Promise<Thing> =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const controller = new AbortController();
  const first = shared.hold('a', slow, controller.signal);
  const second = shared.hold('a', open);
  controller.abort('enough');
  await expect(first).rejects.toBe('enough');
  const thing = new Thing();
  finish(thing);
  const held = await second;
  expect(held.item).toBe(thing);
  await held.release();
  expect(thing.closed).toBe(1);
});

test('an aborted caller opens nothing', async () => {
  const shared = new SharedItems<Thing>();
  const opening = vi.fn(open);
  await expect(shared.hold('a', opening, AbortSignal.abort('enough'))).rejects.toBe('enough');
  expect(opening).not.toHaveBeenCalled();
});

test('an item that the first caller can’t open is opened by the next', async () => {
  const shared = new SharedItems<Thing>();
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = (): Promise<Thing> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const failing = (): Promise<Thing> => Promise.reject(new Error('no'));
  const calls = [
    shared.hold('a', failing),
    shared.hold('a', open),
    shared.hold('a', open),
    shared.hold('b', aborted, signal),
    shared.hold('b', open),
  ];
  controller.abort('enough');
  const [first, second, third, fourth, fifth] = await Promise.allSettled(calls);
  expect([first, fourth]).toEqual([
    { status: 'rejected', reason: new Error('no') },
    { status: 'rejected', reason: 'enough' },
  ]);
  expect([second, third, fifth]).toMatchObject([
    { value: { isNew: true } },
    { value: { isNew: false } },
    { value: { isNew: true } },
  ]);
  const held = await calls[1];
  expect((await calls[2])?.item).toBe(held?.item);
  expect(held?.item.isOpen).toBe(true);
});

test('an item that can’t be opened is forgotten', async () => {
  const shared = new SharedItems<Thing>();
  const failing = (): Promise<Thing> => Promise.reject(new Error('no'));
  const both = await Promise.allSettled([shared.hold('a', failing), shared.hold('a', failing)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect((await shared.hold('a', open)).isNew).toBe(true);
});
