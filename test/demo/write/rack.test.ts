import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type AdapterInfo, adapters, PeftModel, WebVeraError } from 'webvera';
import type { HeldVoice } from '../../../demo/src/write/state';

vi.stubGlobal('document', { baseURI: 'https://demo.example/' });
const { Store } = await import('../../../demo/src/page/store');
const { Rack } = await import('../../../demo/src/write/rack');
const { initialState, ownIds } = await import('../../../demo/src/write/state');

/** The names of the stored voices (adapters), the oldest first. All tabs share them. */
let stored: string[] = [];
/** Saving under these names fails, because the storage is full. */
let refused: string[] = [];

beforeEach(() => {
  stored = [];
  refused = [];
  const infoOf = (id: string, created_at: number) => ({ id, base_model: null, bytes: 1, created_at });
  vi.spyOn(adapters, 'list').mockImplementation(async () => stored.map(infoOf) as unknown as readonly AdapterInfo[]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function trained(id: string): HeldVoice {
  const save_pretrained = async (to?: { id: string }): Promise<unknown> => {
    if (to === undefined) return { of: id };
    if (refused.includes(to.id)) throw new WebVeraError('storage_full', 'Full', { hint: 'Delete something.' });
    stored.push(to.id);
    return undefined;
  };
  return { id, adapted: { save_pretrained, delete_adapter: async () => {} } } as unknown as HeldVoice;
}

function openTab() {
  const store = new Store(initialState);
  const rack = new Rack(store, { get: async () => ({}) } as unknown as ConstructorParameters<typeof Rack>[1]);
  return { store, rack, names: () => ownIds(store.value) };
}

test('a voice whose name another tab has taken meanwhile is stored under the next one', async () => {
  const { store, rack, names } = openTab();
  const id = await rack.freeName('diary');
  stored.push('diary');
  const kept = await rack.keep(trained(id));
  expect(stored).toEqual(['diary', 'diary 2']);
  expect(kept).toBe('diary 2');
  expect(names()).toEqual(['diary 2', 'diary']);
  expect(store.value.voice).toBe('own:diary 2');
});

test('a voice that is saved later keeps its name, or gets the next one if that is taken', async () => {
  const { store, rack, names } = openTab();
  refused = ['a', 'b'];
  for (const id of refused) await expect(rack.keep(trained(id))).rejects.toThrow('Full');
  stored.push('b');
  refused = [];
  for (const voice of store.value.unsaved) await rack.keep(voice);
  expect(stored).toEqual(['b', 'b 2', 'a']);
  expect(store.value.unsaved).toEqual([]);
  expect(names()).toEqual(['a', 'b 2', 'b']);
});

test('every voice that cannot be stored stays until it is stored or deleted', async () => {
  const { rack, names } = openTab();
  refused = ['a', 'c'];
  await expect(rack.keep(trained('a'))).rejects.toThrow('Full');
  await rack.keep(trained('b'));
  expect(names()).toEqual(['a', 'b']);
  await expect(rack.keep(trained('c'))).rejects.toThrow('Full');
  expect(names()).toEqual(['c', 'a', 'b']);
  expect([await rack.files('c'), await rack.files('a')]).toEqual([{ of: 'c' }, { of: 'a' }]);
  expect(await rack.freeName('a')).toBe('a 2');
  await rack.delete('c');
  expect(names()).toEqual(['a', 'b']);
});

test('an unsaved voice stays on the list if another tab stores one of its name', async () => {
  const { store, rack, names } = openTab();
  refused = ['a'];
  await expect(rack.keep(trained('a'))).rejects.toThrow('Full');
  stored.push('a');
  await rack.refresh();
  expect(names()).toEqual(['a 2', 'a']);
  expect(await rack.files('a 2')).toEqual({ of: 'a' });
  expect(store.value.voice).toBe('own:a 2');
});

test('a voice is held, though its name cannot be looked up', async () => {
  const { rack, names } = openTab();
  vi.mocked(adapters.list).mockRejectedValueOnce(new Error('No storage'));
  await expect(rack.keep(trained('a'))).rejects.toThrow('No storage');
  expect(names()).toEqual(['a']);
});

test('a voice from files is not mistaken for one of its name that another tab has deleted', async () => {
  const { store, rack } = openTab();
  const old = trained('opened');
  const freed = vi.spyOn(old.adapted, 'delete_adapter');
  await rack.keep(old);
  const model = { base: {} } as unknown as Parameters<typeof rack.on>[0];
  expect(await rack.on(model, 'own:opened')).toBe(old.adapted);
  stored = [];
  const other = trained('opened').adapted;
  vi.spyOn(adapters, 'import').mockImplementation(async (_, id) => {
    stored.push(String(id));
    return { id } as unknown as AdapterInfo;
  });
  vi.spyOn(PeftModel, 'from_pretrained').mockResolvedValue(other as never);
  await rack.import({} as never, await rack.freeName('opened'));
  expect(store.value.saved.map(({ id }) => id)).toEqual(['opened']);
  expect(await rack.on(model, 'own:opened')).toBe(other);
  expect(freed).toHaveBeenCalledWith('default');
});
