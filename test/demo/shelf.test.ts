import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';
import { addSamples, emptySet } from '../../demo/src/classes/class_set';
import { Shelf, WrittenElsewhere } from '../../demo/src/classes/shelf';
import type { Kept } from '../../demo/src/classes/state';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});

/** Returns the stored data of a page with one message. */
function withMessage(message: string): Kept<string> {
  const set = addSamples(emptySet<string>(['a', 'b']), emptySet<string>(['a']).classes[0]?.id, [message]);
  return { set, learnt: undefined, isStale: true, isRefined: false };
}

const open = () => new Shelf<string>('messages', 'prose-1.4M');
const messages = async (shelf: Shelf<string>) => (await shelf.read())?.set.samples.map(({ content }) => content);

test('a tab doesn’t replace what another one has written since', async () => {
  const [one, other] = [open(), open()];
  expect([await one.read(), await other.read()]).toEqual([undefined, undefined]);
  await one.write(withMessage('first'));
  await one.write(withMessage('second'));
  await expect(other.write(withMessage('third'))).rejects.toThrow(WrittenElsewhere);
  expect([await one.isWrittenElsewhere(), await other.isWrittenElsewhere()]).toEqual([false, true]);
  expect(await messages(other)).toEqual(['second']);
  await other.write(withMessage('third'));
  expect(await messages(open())).toEqual(['third']);
});

test('data that another tab has wiped is found to be gone', async () => {
  const one = open();
  await one.write(withMessage('first'));
  const other = open();
  await other.wipe();
  await expect(one.write(withMessage('second'))).rejects.toThrow(WrittenElsewhere);
  expect(await one.read()).toBeUndefined();
  await one.write(withMessage('second'));
});

test('a change that is stored while another tab’s data are read doesn’t replace them', async () => {
  const [one, other] = [open(), open()];
  await one.write(withMessage('first'));
  await other.read();
  await one.write(withMessage('second'));
  const reading = messages(other);
  await expect(other.write(withMessage('first'))).rejects.toThrow(WrittenElsewhere);
  expect(await reading).toEqual(['second']);
  expect(await messages(open())).toEqual(['second']);
});
