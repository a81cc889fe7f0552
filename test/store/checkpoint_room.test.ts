import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TabLocks } from '../../src/core/locks/tab_locks';
import { type BlobStore, MemoryStore } from '../../src/store/blob_store';
import type { Label } from '../../src/store/checkpoint_label';
import type { StoredCheckpoint } from '../../src/store/checkpoint_store';
import { StoreError } from '../../src/store/store_error';
import { FakeLocks } from '../worker/fake_locks';
import { FaultStore } from './fault_store';
import { nth, tab } from './saved_checkpoints';

describe('when another run is stored', () => {
  const day = 86_400_000;
  beforeEach(() => void vi.useFakeTimers({ now: 1000 * day, toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  /** Stores runs of one tab, the oldest first, at intervals of a minute. */
  async function kept(runs: Readonly<Record<string, Partial<StoredCheckpoint>>>): Promise<MemoryStore> {
    const store = new MemoryStore();
    for (const [name, more] of Object.entries(runs)) {
      await tab(store).save(name, { ...nth(0), ...more });
      vi.setSystemTime(Date.now() + 60_000);
    }
    return store;
  }

  const namesIn = async (store: BlobStore) => (await tab(store).list()).map(({ name }) => name);
  const some = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`run${at + 10}`, {}]));

  test('runs that have ended are deleted first, the oldest one first', async () => {
    const store = await kept({ paused: {}, ended: { ended: true }, other: {}, later: { ended: true } });
    await tab(store).save('fifth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'later', 'other', 'paused']);
    await tab(store).save('sixth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'other', 'paused', 'sixth']);
  });

  test('then runs that were untouched for 30 days', async () => {
    const store = await kept({ first: {}, ...some(2), ended: { ended: true } });
    vi.setSystemTime(Date.now() + 31 * day);
    await tab(store).save('first', nth(1));
    await tab(store).save('fifth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'first', 'run10', 'run11']);
    await tab(store).save('sixth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'first', 'run11', 'sixth']);
  });

  test('recent runs stay, even more than four', async () => {
    const store = await kept(some(4));
    vi.setSystemTime(Date.now() + 29 * day);
    await tab(store).save('fifth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'run10', 'run11', 'run12', 'run13']);
  });

  test('a run that is active in another tab stays, at any age', async () => {
    const store = await kept({ held: { ended: true }, ...some(3) });
    vi.setSystemTime(Date.now() + 31 * day);
    const browser = new FakeLocks();
    const theirs = await new TabLocks(browser.manager, '').take('held');
    const here = new TabLocks(browser.manager, '');
    await tab(store, here).save('fifth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'held', 'run11', 'run12']);
    theirs?.release();
    // The locks of the deleted run and of the run that the other tab released can be taken again.
    for (const name of ['run10', 'held']) expect(await here.take(name)).toBeDefined();
  });

  test('a run that another tab has resumed in the meantime stays too', async () => {
    const store = await kept({ first: { ended: true }, ...some(3) });
    const { manager } = new FakeLocks();
    const locks = new TabLocks(manager, '');
    const take = locks.take.bind(locks);
    vi.spyOn(locks, 'take').mockImplementation(async (name) => {
      await tab(store).save('first', { ...nth(1), ended: false });
      return take(name);
    });
    await tab(store, locks).save('fifth', nth(0));
    expect(await namesIn(store)).toContain('first');
    vi.restoreAllMocks();
    expect(await new TabLocks(manager, '').take('first')).toBeDefined();
  });

  test('if none of many may be deleted, it is refused, with a list of runs to delete', async () => {
    const store = await kept(some(15));
    await tab(store).save('sixteenth', { ...nth(0), adapters: ['mine', 'other'] });
    const before = await tab(store).list();
    const refused = await tab(store)
      .save('one more', nth(0))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'StoreError', code: 'storage_full' });
    const { message, detail } = refused as StoreError;
    expect(message).toBe(
      'Storage is full: expected fewer than 16 other stored runs that can be resumed, got ' +
        `${Array(4).fill('default at step 10 (1972-09-27, 1 kB)').join(', ')} and 12 more; ` +
        'deleting one of them makes room',
    );
    expect(detail).toEqual({ checkpoints: before });
    expect(before.at(-1)).toEqual({
      name: 'sixteenth',
      adapters: ['mine', 'other'],
      step: 10,
      ended: false,
      saved_at: Date.now(),
      bytes: 40,
    });
    expect(await tab(store).list()).toEqual(before);
    // Stored runs can still save checkpoints, and deleting a run makes room for a new one.
    await tab(store).save('run12', nth(1));
    await tab(store).delete('run10');
    await tab(store).save('one more', nth(0));
    expect((await namesIn(store)).length).toBe(16);
  });

  test('a run of an older version, without a step, counts as unfinished', async () => {
    const store = await kept(some(3));
    const { format, seq, training, adapters, saved_at } = (await store.get('checkpoint/run10/head')) as Label;
    const label = { format, seq, training, adapters, saved_at };
    const { bytes } = nth(0);
    const sha256 = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    await store.setMany([
      ['checkpoint/early/head', label],
      ['checkpoint/early/0', { ...label, sha256, bytes }],
    ]);
    expect((await tab(store).load('early')).found).toEqual([{ ...nth(0), step: null }]);
    await tab(store).save('fifth', nth(0));
    const [early] = await tab(store).list();
    expect(early).toEqual({ name: 'early', adapters: ['default'], step: null, ended: false, saved_at, bytes: 40 });
  });

  test('the runs are described by their heads, and no checkpoint of them is read', async () => {
    const store = await kept({ ended: { ended: true }, ...some(3) });
    await tab(store).save('run10', nth(1));
    const read = vi.spyOn(store, 'get');
    const sizes = async () => (await tab(store).list()).map(({ name, bytes }) => [name, bytes]);
    const others = [
      ['run10', 80],
      ['run11', 40],
      ['run12', 40],
    ];
    expect(await sizes()).toEqual([['ended', 40], ...others]);
    await tab(store).save('fifth', nth(0));
    await tab(store).save('run10', { ...nth(2), bytes: new Uint8Array(50) });
    expect(await sizes()).toEqual([['fifth', 40], ['run10', 90], ...others.slice(1)]);
    // Before the first checkpoint of a run, its own slots are empty.
    expect(read.mock.calls.flat().filter((key) => /\/[01]$/.test(key) && !key.includes('fifth'))).toEqual([]);
  });

  test('a run of a version that stored no sizes has them from its next checkpoint on', async () => {
    const store = await kept(some(2));
    const { sizes, ...head } = (await store.get('checkpoint/run10/head')) as Label & { readonly sizes: unknown };
    expect(sizes).toEqual([40, 0]);
    for (const damaged of [undefined, [40], [40, -1], [40, '0'], 40]) {
      await store.setMany([['checkpoint/run10/head', { ...head, sizes: damaged }]]);
      expect((await tab(store).list())[0]).toMatchObject({ name: 'run10', bytes: 40 });
    }
    await tab(store).save('run10', nth(1));
    const read = vi.spyOn(store, 'get');
    expect((await tab(store).list())[0]).toMatchObject({ name: 'run10', step: 11, bytes: 80 });
    expect(read.mock.calls.flat()).toEqual(['checkpoint/run10/head', 'checkpoint/run11/head']);
  });

  test.each<[string, unknown, boolean]>([
    ['a later version', { format: 3, ended: true, saved_at: 1000 * day }, true],
    ['nobody', 'nonsense', false],
    ['no time there is', { format: 2, saved_at: 1e300 }, false],
  ])('a run with %s stays only while it is recent', async (_, head, stays) => {
    const store = await kept(some(3));
    await store.setMany([['checkpoint/strange/head', head]]);
    await tab(store).save('fifth', nth(0));
    expect((await namesIn(store)).includes('strange')).toBe(stays);
    expect(await namesIn(store)).toHaveLength(stays ? 5 : 4);
  });

  test('whichever operation fails, no protected run is deleted, and every lock is released', async () => {
    for (let failing = 1; ; failing++) {
      const inner = await kept({ ended: { ended: true }, ...some(3) });
      const store = new FaultStore(failing, inner, 'storage_unavailable');
      const locks = new TabLocks(undefined, '');
      const outcome = await tab(store, locks)
        .save('fifth', nth(0))
        .catch((error: unknown) => error);
      const names = await namesIn(inner);
      expect(names).toEqual(expect.arrayContaining(Object.keys(some(3))));
      expect(names.includes('ended') || names.includes('fifth')).toBe(true);
      expect(await locks.take('ended')).toBeDefined();
      if (!store.failed) return expect([outcome, failing > 11]).toEqual([undefined, true]);
      expect(outcome).toMatchObject({ code: 'storage_unavailable' });
    }
  });

  test('if completed runs fill the storage, those to be deleted make the room', async () => {
    const inner = await kept({ ended: { ended: true }, later: { ended: true }, ...some(3) });
    const full: BlobStore = {
      persistent: true,
      get: (key) => inner.get(key),
      keys: () => inner.keys(),
      replace: (key, value) => inner.replace(key, value),
      move: (from, to) => inner.move(from, to),
      deleteMany: (keys) => inner.deleteMany(keys),
      close: () => inner.close(),
      async setMany(entries, condition) {
        // The store is full with five runs of two keys each.
        if ((await inner.keys()).length >= 2 * 5) throw new StoreError('storage_full', 'no room');
        await inner.setMany(entries, condition);
      },
    };
    await tab(full).save('sixth', nth(0));
    expect(await namesIn(inner)).toEqual(['run10', 'run11', 'run12', 'sixth']);
    await expect(
      tab({ ...full, setMany: () => Promise.reject(new StoreError('storage_full', 'no room')) }).save('x', nth(0)),
    ).rejects.toMatchObject({ code: 'storage_full' });
    expect(await namesIn(inner)).toEqual(['run10', 'run11', 'run12', 'sixth']);
  });
});
