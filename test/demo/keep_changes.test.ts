import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';
import type { ClassesApp } from '../../demo/src/classes/app';
import { addSamples } from '../../demo/src/classes/class_set';
import { keepChanges } from '../../demo/src/classes/keep_changes';
import { Shelf } from '../../demo/src/classes/shelf';
import { beginning, type ClassesState } from '../../demo/src/classes/state';
import { Store } from '../../demo/src/page/store';
import { eventually } from '../helpers/eventually';
import { withResolvers } from '../helpers/with_resolvers';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }));
  vi.stubGlobal('window', new EventTarget());
});

/** Opens a window, which stores its changes. There may be several. `reread`: called after the window has read another window's data. */
async function openWindow(reread: () => Promise<void> = async () => {}) {
  const shelf = new Shelf<string>('messages', 'prose-1.4M');
  const store = new Store({ ...beginning<string>(), ...(await shelf.read()) } as ClassesState<string>);
  const show = vi.fn();
  const app = { store, banner: { show } } as unknown as ClassesApp<string>;
  const { wipe } = keepChanges(app, shelf, async () => {
    const now = (await shelf.read()) ?? beginning<string>();
    await reread();
    return now;
  });
  const add = (message: string): void => store.set({ set: addSamples(store.value.set, 0, [message]) });
  const messages = (): string[] => store.value.set.samples.map(({ content }) => content);
  return { store, wipe, add, messages, show };
}

const stored = async () =>
  (await new Shelf<string>('messages', 'prose-1.4M').read())?.set.samples.map((one) => one.content);

test('a change that follows another window’s is not stored: the page shows the other window’s data', async () => {
  const [one, other] = [await openWindow(), await openWindow()];
  other.add('theirs');
  await eventually(async () => expect(await stored()).toEqual(['theirs']));
  one.add('mine');
  await eventually(() => expect(one.messages()).toEqual(['theirs']));
  expect(one.show).toHaveBeenCalledTimes(1);
  expect(await stored()).toEqual(['theirs']);
});

test('a window wipes what another one has written since', async () => {
  const [one, other] = [await openWindow(), await openWindow()];
  other.add('theirs');
  await eventually(async () => expect(await stored()).toEqual(['theirs']));
  await one.wipe();
  expect(one.messages()).toEqual([]);
  expect(await stored()).toBeUndefined();
  expect(one.show).not.toHaveBeenCalled();
  one.add('new');
  await eventually(async () => expect(await stored()).toEqual(['new']));
});

test('a wipe that storage refuses rejects, and what is stored stays', async () => {
  const one = await openWindow();
  one.add('mine');
  await eventually(async () => expect(await stored()).toEqual(['mine']));
  const remove = vi.spyOn(IDBObjectStore.prototype, 'delete').mockImplementation(() => {
    throw new DOMException('no', 'UnknownError');
  });
  await expect(one.wipe()).rejects.toMatchObject({ name: 'UnknownError' });
  remove.mockRestore();
  expect(await stored()).toEqual(['mine']);
  expect(one.show).not.toHaveBeenCalled();
  await one.wipe();
  expect(await stored()).toBeUndefined();
});

test('a wipe directly after a change that conflicts leaves the page empty', async () => {
  const [one, other] = [await openWindow(), await openWindow()];
  other.add('theirs');
  await eventually(async () => expect(await stored()).toEqual(['theirs']));
  one.add('mine');
  await one.wipe();
  expect(one.messages()).toEqual([]);
  expect(await stored()).toBeUndefined();
});

test('data that was read before a wipe is not shown after it', async () => {
  const gate = withResolvers();
  const isRead = vi.fn(() => gate.promise);
  const [one, other] = [await openWindow(isRead), await openWindow()];
  other.add('theirs');
  await eventually(async () => expect(await stored()).toEqual(['theirs']));
  document.dispatchEvent(new Event('visibilitychange'));
  await eventually(() => expect(isRead).toHaveBeenCalled());
  await one.wipe();
  gate.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  expect(one.messages()).toEqual([]);
  expect(await stored()).toBeUndefined();
});

test('while changes can’t be stored, the page says so, and the browser asks before it is left', async () => {
  const asks = (): boolean => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  const { store, add } = await openWindow();
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  add('one');
  await eventually(() => expect(store.value.storingFailed).toBe(true));
  expect(asks()).toBe(true);
  put.mockRestore();
  add('two');
  await eventually(() => expect(store.value.storingFailed).toBe(false));
  expect(asks()).toBe(false);
  expect(await stored()).toEqual(['one', 'two']);
});

test('changes that could not be stored are given up for those of another window, and no longer warned of', async () => {
  const [one, other] = [await openWindow(), await openWindow()];
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  one.add('mine');
  await eventually(() => expect(one.store.value.storingFailed).toBe(true));
  put.mockRestore();
  other.add('theirs');
  await eventually(async () => expect(await stored()).toEqual(['theirs']));
  document.dispatchEvent(new Event('visibilitychange'));
  await eventually(() => expect(one.messages()).toEqual(['theirs']));
  expect(one.store.value.storingFailed).toBe(false);
});
