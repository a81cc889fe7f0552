import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Warning } from '../../../src/core/errors/warning';
import { MemoryStore } from '../../../src/store/blob_store';
import { StoreError } from '../../../src/store/store_error';
import { SavedAdapters } from '../../../src/worker/storage/saved_adapters';

const folder = new URL('../../golden/cases/llama_qvud_big/adapter_noproj/', import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));
const [config, model] = [read('adapter_config.json'), read('adapter_model.safetensors')];

/** Returns adapter files of the same size whose last byte is `value`. */
function learnt(value: number): { config: typeof config; model: typeof model } {
  const other = model.slice();
  other[other.length - 1] = value;
  return { config, model: other };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

/** Simulates a browser that opens one page after another. */
function browser() {
  const store = new MemoryStore();
  return {
    store,
    open() {
      const warnings: Warning[] = [];
      const shelf = new SavedAdapters(store, (warning) => warnings.push(warning));
      const later = () => vi.setSystemTime(Date.now() + 1000);
      later();
      const save = async (value: number, id = 'mine') => {
        await shelf.set(id, learnt(value));
        later();
        return warnings.splice(0).map(({ code }) => code);
      };
      return { shelf, warnings, save };
    },
  };
}

test("a tab that overwrites another tab's adapter gets a warning", async () => {
  const { open } = browser();
  const [one, other] = [open(), open()];
  expect(await one.save(1)).toEqual([]);
  expect(await other.save(2, 'another id')).toEqual([]);
  await other.shelf.set('mine', learnt(2));
  expect(other.warnings).toEqual([
    {
      code: 'overwritten',
      message:
        "Adapter 'mine' took the place of one that another tab has stored since it was last read here. " +
        'Save under another id to keep both.',
    },
  ]);
  expect(await one.save(3)).toEqual(['overwritten']);
  expect((await other.shelf.get('mine'))?.model).toEqual(learnt(3).model);
});

test('a tab that overwrites at the same time and with the same clock gets a warning too', async () => {
  const { open } = browser();
  const [one, other] = [open(), open()];
  await Promise.all([one.shelf.set('mine', learnt(1)), other.shelf.set('mine', learnt(2))]);
  expect([...one.warnings, ...other.warnings].map(({ code }) => code)).toEqual(['overwritten']);
  vi.setSystemTime(Date.now() + 1000);
  const last = (await one.shelf.get('mine'))?.model;
  expect([1, 2]).toContain(last?.at(-1));
});

test('a tab overwrites its own adapters, read ones and older ones without a warning', async () => {
  const { open } = browser();
  const one = open();
  expect([await one.save(1), await one.save(2)]).toEqual([[], []]);
  const next = open();
  expect([await next.save(3), await next.save(4)]).toEqual([[], []]);
  await one.shelf.get('mine');
  expect(await one.save(5)).toEqual([]);
});

test('a list reads no adapter', async () => {
  const { open } = browser();
  const [one, other] = [open(), open()];
  await one.save(1);
  expect(await other.shelf.list()).toHaveLength(1);
  expect(await other.save(2)).toEqual(['overwritten']);
});

test('a deleted adapter is not found', async () => {
  const { open } = browser();
  const [one, other] = [open(), open()];
  await one.save(1);
  await other.shelf.delete('mine');
  expect(await one.save(2)).toEqual([]);
});

describe('a renamed adapter', () => {
  const both = async (shelf: SavedAdapters) => [await shelf.get('mine'), await shelf.get('yours')];

  test('is the same under another id, which takes no other adapter’s place', async () => {
    const { open } = browser();
    const { shelf, save } = open();
    await save(1);
    await save(2, 'taken');
    const [{ id, ...rest } = { id: '' }] = await shelf.list();
    expect(id).toBe('mine');
    await expect(shelf.rename('mine', 'taken')).rejects.toMatchObject({
      code: 'invalid_argument',
      message: "to: expected an id that no stored adapter has, got 'taken'",
    });
    await expect(shelf.rename('unknown', 'yours')).rejects.toMatchObject({
      code: 'not_found',
      message: "Expected a stored adapter 'unknown', but there is none of that id",
    });
    expect((await shelf.get('taken'))?.model).toEqual(learnt(2).model);
    await shelf.rename('mine', 'mine');
    await shelf.rename('mine', 'yours');
    expect(await shelf.list()).toEqual([expect.objectContaining({ id: 'taken' }), { id: 'yours', ...rest }]);
    expect(await both(shelf)).toEqual([undefined, learnt(1)]);
  });

  test('is overwritten without a warning by the tab that renamed it, and with one by another tab', async () => {
    const { open } = browser();
    const [one, other] = [open(), open()];
    expect([await other.save(0, 'yours'), await one.save(1)]).toEqual([[], []]);
    await other.shelf.delete('yours');
    await one.shelf.rename('mine', 'yours');
    expect(await one.save(2, 'yours')).toEqual([]);
    expect(await other.save(3, 'yours')).toEqual(['overwritten']);
    expect(await one.save(4)).toEqual([]);
  });

  test('counts as unread if the tab that renamed it has not read it', async () => {
    const { open } = browser();
    const [one, other] = [open(), open()];
    await other.save(0, 'yours');
    await other.shelf.delete('yours');
    await one.save(1);
    await other.shelf.rename('mine', 'yours');
    expect(await other.save(2, 'yours')).toEqual(['overwritten']);
    expect(await open().save(3, 'yours')).toEqual([]);
  });

  test('stays where it is if the write fails', async () => {
    const { store, open } = browser();
    const { shelf, save } = open();
    await save(1);
    vi.spyOn(store, 'move').mockRejectedValueOnce(new StoreError('storage_unavailable', 'no database'));
    await expect(shelf.rename('mine', 'yours')).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await both(shelf)).toEqual([learnt(1), undefined]);
  });
});

test('a failed write changes nothing', async () => {
  const { store, open } = browser();
  const [one, other] = [open(), open()];
  await one.save(1);
  vi.spyOn(store, 'replace').mockRejectedValueOnce(new Error('no room'));
  await expect(other.shelf.set('mine', learnt(2))).rejects.toThrow('no room');
  expect(other.warnings).toEqual([]);
  expect(await other.save(2)).toEqual(['overwritten']);
});

test('an adapter of a newer version is refused with the advice to reload the page', async () => {
  const { store, open } = browser();
  const { shelf, save } = open();
  await save(1);
  await store.setMany([['adapter/mine', { ...((await store.get('adapter/mine')) as object), format: 2 }]]);
  const error = { code: 'storage_corrupt', hint: 'Reload the page: its site may have a new version.' };
  await expect(shelf.get('mine')).rejects.toMatchObject(error);
});

test('a damaged adapter is refused, hides no others in a list, and gives a warning', async () => {
  const { store, open } = browser();
  const { shelf, save, warnings } = open();
  await save(1, 'good');
  await save(2);
  const value = (await store.get('adapter/mine')) as Record<string, unknown>;
  await store.setMany([['adapter/mine', { ...value, weights: learnt(3).model }]]);
  const error = { code: 'storage_corrupt', hint: 'adapters.delete(id) deletes it.' };
  await expect(shelf.get('mine')).rejects.toMatchObject(error);
  expect((await shelf.list()).map(({ id }) => id)).toEqual(['good']);
  expect(warnings).toEqual([
    {
      code: 'storage_corrupt',
      message:
        "Adapter 'mine' is stored, but not listed: The stored adapter 'mine' isn't as it was written: its hash differs",
    },
  ]);
});
