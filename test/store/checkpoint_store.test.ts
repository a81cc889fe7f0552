import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TabLocks } from '../../src/core/tab_locks';
import { type BlobStore, MemoryStore } from '../../src/store/blob_store';
import type { Label } from '../../src/store/checkpoint_label';
import { CheckpointStore, type StoredCheckpoint } from '../../src/store/checkpoint_store';
import type { StoreError } from '../../src/store/store_error';
import { FakeLocks } from '../worker/fake_locks';
import { FaultStore } from './fault_store';

/** The `seq`th checkpoint of a name whose slots are written to in turns. */
function nth(seq: number, training = 'first'): StoredCheckpoint {
  const bytes = new Uint8Array(40).fill(seq);
  return { slot: seq % 2 === 0 ? 0 : 1, seq, training, adapters: ['default'], step: 10 + seq, ended: false, bytes };
}

/** One tab, in which no run goes on but those that a test says. */
const tab = (store: BlobStore, locks = new TabLocks(undefined, '')) => new CheckpointStore(store, locks);

/** Changes a stored value in place. */
async function change(store: MemoryStore, key: string, patch: (value: Record<string, unknown>) => object) {
  const value = (await store.get(key)) as Record<string, unknown>;
  expect(value).toBeDefined();
  await store.setMany([[key, { ...value, ...patch(value) }]]);
}

async function saved(...seqs: readonly number[]): Promise<{ store: MemoryStore; checkpoints: CheckpointStore }> {
  const store = new MemoryStore();
  const checkpoints = tab(store);
  for (const seq of seqs) await checkpoints.save('a', nth(seq));
  return { store, checkpoints };
}

describe('checkpoints under a name', () => {
  test('the last two are kept, the last one first', async () => {
    const { checkpoints } = await saved();
    expect(await checkpoints.load('a')).toEqual({ found: [], damaged: false });
    for (let seq = 0; seq < 4; seq++) {
      await checkpoints.save('a', nth(seq));
      const found = seq === 0 ? [nth(0)] : [nth(seq), nth(seq - 1)];
      expect(await checkpoints.load('a')).toEqual({ found, damaged: false });
    }
    expect(await checkpoints.load('b')).toEqual({ found: [], damaged: false });
  });

  test('a training that begins anew has none of the one before it', async () => {
    const { store, checkpoints } = await saved(0, 1);
    await checkpoints.save('a', nth(2, 'second'));
    expect(await checkpoints.load('a')).toEqual({ found: [nth(2, 'second')], damaged: false });
    await change(store, 'checkpoint/a/0', () => ({ sha256: new Uint8Array(32) }));
    expect(await checkpoints.load('a')).toEqual({ found: [], damaged: true });
    await checkpoints.save('a', nth(2, 'second'));
    await checkpoints.save('a', nth(3, 'second'));
    expect(await checkpoints.load('a')).toEqual({ found: [nth(3, 'second'), nth(2, 'second')], damaged: false });
  });

  test('whichever operation fails, what was confirmed last is there, and nothing that is half', async () => {
    for (let failing = 1; ; failing++) {
      const inner = new MemoryStore();
      const store = new FaultStore(failing, inner);
      const checkpoints = tab(store);
      let confirmed = -1;
      for (let seq = 0; seq < 4; seq++) {
        await checkpoints.save('a', nth(confirmed + 1)).then(
          () => {
            confirmed += 1;
          },
          (error: unknown) => expect(error).toMatchObject({ code: 'storage_full' }),
        );
        const { found, damaged } = await tab(inner).load('a');
        expect(damaged).toBe(false);
        // A write may have come through before the operation after it failed.
        const last = found[0]?.seq ?? -1;
        expect([confirmed, confirmed + 1]).toContain(last);
        for (const one of found) expect(one).toEqual(nth(one.seq));
      }
      if (!store.failed) return expect(failing).toBeGreaterThan(4);
    }
  });

  test('of a damaged one, the one before it is left', async () => {
    const flips = fc.integer({ min: 0, max: 40 * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(flips, async (bit) => {
        const { store, checkpoints } = await saved(0, 1);
        await change(store, 'checkpoint/a/1', ({ bytes }) => {
          (bytes as Uint8Array)[bit >> 3]! ^= 1 << (bit & 7);
          return { bytes };
        });
        expect(await checkpoints.load('a')).toEqual({ found: [nth(0)], damaged: true });
      }),
      { numRuns: 200 },
    );
  });

  test.each<[string, object]>([
    ['cut off', { bytes: new Uint8Array(39).fill(1) }],
    ['of another type', { bytes: [1, 2, 3] }],
    ['without its hash', { sha256: undefined }],
    ['with half of its hash', { sha256: new Uint8Array(16) }],
    ['of a later format', { format: 3 }],
    ['whose number is too large', { seq: 2 ** 53 }],
    ['whose number is none', { seq: '1' }],
    ['of nobody', { training: undefined }],
  ])('one that is %s is no checkpoint', async (_, patch) => {
    const { store, checkpoints } = await saved(0, 1);
    await change(store, 'checkpoint/a/1', () => patch);
    expect(await checkpoints.load('a')).toEqual({ found: [nth(0)], damaged: true });
  });

  test('slots that were swapped are still told apart', async () => {
    const { store, checkpoints } = await saved(0, 1);
    const [zero, one] = [await store.get('checkpoint/a/0'), await store.get('checkpoint/a/1')];
    await store.setMany([
      ['checkpoint/a/0', one],
      ['checkpoint/a/1', zero],
    ]);
    const { found } = await checkpoints.load('a');
    expect(found.map(({ slot, seq }) => [slot, seq])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test('whichever read fails, it is told', async () => {
    for (let failing = 1; ; failing++) {
      const { store: inner } = await saved(0, 1);
      const store = new FaultStore(failing, inner, 'storage_unavailable');
      const loading = tab(store).load('a');
      if (failing > 3) return expect(await loading).toEqual({ found: [nth(1), nth(0)], damaged: false });
      await expect(loading).rejects.toMatchObject({ code: 'storage_unavailable' });
    }
  });

  test('a head that says nothing hides no slot', async () => {
    const { store, checkpoints } = await saved(0, 1);
    await store.setMany([['checkpoint/a/head', 'nonsense']]);
    expect(await checkpoints.load('a')).toEqual({ found: [nth(1), nth(0)], damaged: false });
  });
});

describe('a run that was taken over', () => {
  test('is written by its new owner alone', async () => {
    const { store, checkpoints } = await saved(0, 1);
    expect(await checkpoints.owner('a')).toBeUndefined();
    const writing = checkpoints.save('a', nth(2));
    const other = tab(store);
    const owner = await other.own('a');
    await writing.catch(() => {});
    await expect(checkpoints.save('a', nth(2))).rejects.toMatchObject({ code: 'locked_by_other_tab' });
    await expect(checkpoints.save('a', nth(2), 'somebody')).rejects.toMatchObject({ code: 'locked_by_other_tab' });
    await other.save('a', nth(4), owner);
    expect((await checkpoints.load('a')).found[0]).toEqual(nth(4));
    // Whoever comes next goes by what is there.
    await tab(store).save('a', nth(5), await tab(store).owner('a'));
    expect((await checkpoints.load('a')).found[0]).toEqual(nth(5));
  });

  test('is no run more, and leaves nothing', async () => {
    const { store, checkpoints } = await saved(0);
    await checkpoints.own('a');
    await checkpoints.own('b');
    expect((await checkpoints.list()).map(({ name }) => name)).toEqual(['a']);
    await checkpoints.delete('a');
    await checkpoints.delete('b');
    expect(await store.keys()).toEqual([]);
  });
});

describe('the checkpoints of an adapter', () => {
  test('go all at once, whoever else trains beside it, and others stay', async () => {
    const { store, checkpoints } = await saved(0, 1);
    await checkpoints.save('b', { ...nth(0), adapters: ['default', 'other'] });
    await checkpoints.save('c', { ...nth(0), adapters: ['other'] });
    expect(await checkpoints.deleteOf('default')).toBe(120);
    expect(await store.keys()).toEqual(['checkpoint/c/0', 'checkpoint/c/head']);
    expect(await checkpoints.deleteOf('default')).toBe(0);
  });

  test('go after what is being written', async () => {
    const { store, checkpoints } = await saved();
    const saving = checkpoints.save('a', nth(0));
    expect(await checkpoints.deleteOf('default')).toBe(40);
    await saving;
    expect(await store.keys()).toEqual([]);
  });
});

describe('when one run more is kept', () => {
  const day = 86_400_000;
  beforeEach(() => void vi.useFakeTimers({ now: 1000 * day, toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  /** Runs of one tab's past, the oldest one first, a minute apart. */
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

  test('those that have ended go first, the oldest one first', async () => {
    const store = await kept({ paused: {}, ended: { ended: true }, other: {}, later: { ended: true } });
    await tab(store).save('fifth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'later', 'other', 'paused']);
    await tab(store).save('sixth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'other', 'paused', 'sixth']);
  });

  test('then those that nobody has touched for 30 days', async () => {
    const store = await kept({ first: {}, ...some(2), ended: { ended: true } });
    vi.setSystemTime(Date.now() + 31 * day);
    await tab(store).save('first', nth(1));
    await tab(store).save('fifth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'first', 'run10', 'run11']);
    await tab(store).save('sixth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'first', 'run11', 'sixth']);
  });

  test('those that are recent stay, beyond four too', async () => {
    const store = await kept(some(4));
    vi.setSystemTime(Date.now() + 29 * day);
    await tab(store).save('fifth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'run10', 'run11', 'run12', 'run13']);
  });

  test('one that goes on in another tab stays, however old it is', async () => {
    const store = await kept({ held: { ended: true }, ...some(3) });
    vi.setSystemTime(Date.now() + 31 * day);
    const browser = new FakeLocks();
    const theirs = await new TabLocks(browser.manager, '').take('held');
    const here = new TabLocks(browser.manager, '');
    await tab(store, here).save('fifth', nth(0));
    expect(await namesIn(store)).toEqual(['fifth', 'held', 'run11', 'run12']);
    theirs?.release();
    // What went can be begun again, and so can what was let go.
    for (const name of ['run10', 'held']) expect(await here.take(name)).toBeDefined();
  });

  test('and so does one that another tab has gone on with in the meantime', async () => {
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

  test('where none may go of many, it is refused, and told what could be deleted', async () => {
    const store = await kept(some(15));
    await tab(store).save('sixteenth', { ...nth(0), adapters: ['mine', 'other'] });
    const before = await tab(store).list();
    const refused = await tab(store)
      .save('one more', nth(0))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'StoreError', code: 'storage_full' });
    const { message, detail } = refused as StoreError;
    expect(message).toBe(
      'Storage is full: expected fewer than 16 other runs to be kept that may be gone on with, got ' +
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
    // Those that are kept are written on, and a deletion makes room.
    await tab(store).save('run12', nth(1));
    await tab(store).delete('run10');
    await tab(store).save('one more', nth(0));
    expect((await namesIn(store)).length).toBe(16);
  });

  test('what was stored before steps were kept counts as one that hasn’t ended', async () => {
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

  test.each<[string, unknown, boolean]>([
    ['a later version', { format: 3, ended: true, saved_at: 1000 * day }, true],
    ['nobody', 'nonsense', false],
    ['no time there is', { format: 2, saved_at: 1e300 }, false],
  ])('what is of %s stays only while it is recent', async (_, head, stays) => {
    const store = await kept(some(3));
    await store.setMany([['checkpoint/strange/head', head]]);
    await tab(store).save('fifth', nth(0));
    expect((await namesIn(store)).includes('strange')).toBe(stays);
    expect(await namesIn(store)).toHaveLength(stays ? 5 : 4);
  });

  test('whichever operation fails, nothing that may not go has gone, and every name is let go', async () => {
    for (let failing = 1; ; failing++) {
      const inner = await kept({ ended: { ended: true }, ...some(3) });
      const store = new FaultStore(failing, inner);
      const locks = new TabLocks(undefined, '');
      const outcome = await tab(store, locks)
        .save('fifth', nth(0))
        .catch((error: unknown) => error);
      const names = await namesIn(inner);
      expect(names).toEqual(expect.arrayContaining(Object.keys(some(3))));
      expect(names.includes('ended') || names.includes('fifth')).toBe(true);
      expect(await locks.take('ended')).toBeDefined();
      if (!store.failed) return expect([outcome, failing > 15]).toEqual([undefined, true]);
      expect(outcome).toMatchObject({ code: 'storage_full' });
    }
  });
});
