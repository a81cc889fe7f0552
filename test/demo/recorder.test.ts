import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { whileHeld } from '../../demo/src/images/recorder';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Makes a button without a page. It counts the pictures that it takes while it is held. */
function heldButton(goesOn: boolean) {
  const button = Object.assign(new EventTarget(), { disabled: false, dataset: {}, setPointerCapture: () => {} });
  let taken = 0;
  whileHeld(button as unknown as HTMLButtonElement, async () => {
    taken++;
    return goesOn;
  });
  const send = (type: string, fields: object = {}): Event => {
    const event = Object.assign(new Event(type, { cancelable: true }), fields);
    button.dispatchEvent(event);
    return event;
  };
  return { button, send, taken: () => taken };
}

const DOWN = ['pointerdown', { button: 0, pointerId: 1 }] as const;

test('a held button takes one picture after another until it is released', async () => {
  const { button, send, taken } = heldButton(true);
  send(...DOWN);
  await vi.advanceTimersByTimeAsync(1000);
  const held = taken();
  expect(held).toBeGreaterThan(3);
  send('pointerup');
  await vi.advanceTimersByTimeAsync(1000);
  expect(taken()).toBe(held);
  expect(button.dataset).toEqual({});
});

test('a button that is released and pressed again at once takes pictures at the same pace', async () => {
  const once = heldButton(true);
  once.send(...DOWN);
  await vi.advanceTimersByTimeAsync(1000);
  once.send('pointerup');

  const twice = heldButton(true);
  twice.send(...DOWN);
  await vi.advanceTimersByTimeAsync(1);
  twice.send('pointerup');
  twice.send(...DOWN);
  await vi.advanceTimersByTimeAsync(1000);
  expect(twice.taken()).toBe(once.taken() + 1);
});

test.each(['Enter', ' '])('the key %j takes a picture, and makes no click of its own', async (key) => {
  const { send, taken } = heldButton(false);
  expect(send('keydown', { key, repeat: false }).defaultPrevented).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  expect(send('keyup', { key }).defaultPrevented).toBe(key === ' ');
  expect(taken()).toBe(1);
});

test('a press by a screen reader takes one picture', async () => {
  const { send, taken } = heldButton(true);
  send('click', { detail: 0 });
  send('click', { detail: 1 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(taken()).toBe(1);
});
