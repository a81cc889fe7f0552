import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { MemoryStore } from '../../src/store/blob_store';
import type { CheckpointStore } from '../../src/store/checkpoint_store';
import { FaultStore } from './fault_store';
import { nth, tab } from './saved_checkpoints';

/** Changes some fields of a stored value. */
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
  test('the last two are stored, the last one first', async () => {
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

  test('whichever operation fails, the last acknowledged checkpoint exists, and no partial one', async () => {
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
        // A save that failed may have written its checkpoint before, if only a later operation of the save failed.
        const last = found[0]?.seq ?? -1;
        expect([confirmed, confirmed + 1]).toContain(last);
        for (const one of found) expect(one).toEqual(nth(one.seq));
      }
      if (!store.failed) return expect(failing).toBeGreaterThan(4);
    }
  });

  test('if one is damaged, the one before it remains', async () => {
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

  test('swapped slots are still distinguished', async () => {
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

  test('whichever read fails, it is reported', async () => {
    for (let failing = 1; ; failing++) {
      const { store: inner } = await saved(0, 1);
      const store = new FaultStore(failing, inner, 'storage_unavailable');
      const loading = tab(store).load('a');
      if (failing > 3) return expect(await loading).toEqual({ found: [nth(1), nth(0)], damaged: false });
      await expect(loading).rejects.toMatchObject({ code: 'storage_unavailable' });
    }
  });

  test('an invalid head hides no slot', async () => {
    const { store, checkpoints } = await saved(0, 1);
    await store.setMany([['checkpoint/a/head', 'nonsense']]);
    expect(await checkpoints.load('a')).toEqual({ found: [nth(1), nth(0)], damaged: false });
  });
});

describe('a run that was taken over', () => {
  test('is written only by its new owner', async () => {
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
    // A later tab reads the stored checkpoints, and continues from them.
    await tab(store).save('a', nth(5), await tab(store).owner('a'));
    expect((await checkpoints.load('a')).found[0]).toEqual(nth(5));
  });

  test("doesn't count as a run, and leaves nothing", async () => {
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
  test('are deleted together, with any adapter that trains beside it, and others stay', async () => {
    const { store, checkpoints } = await saved(0, 1);
    await checkpoints.save('b', { ...nth(0), adapters: ['default', 'other'] });
    await checkpoints.save('c', { ...nth(0), adapters: ['other'] });
    expect(await checkpoints.deleteOf('default')).toBe(120);
    expect(await store.keys()).toEqual(['checkpoint/c/0', 'checkpoint/c/head']);
    expect(await checkpoints.deleteOf('default')).toBe(0);
  });

  test('are found by the labels, without reading the checkpoints of other runs', async () => {
    const { store, checkpoints } = await saved(0, 1);
    await checkpoints.save('b', { ...nth(0), adapters: ['other'] });
    await checkpoints.save('c', { ...nth(0), adapters: ['other'] });
    const read = vi.spyOn(store, 'get');
    expect(await checkpoints.deleteOf('none')).toBe(0);
    expect(read.mock.calls.flat()).toEqual(['checkpoint/a/head', 'checkpoint/b/head', 'checkpoint/c/head']);
    read.mockClear();
    expect(await checkpoints.deleteOf('default')).toBe(80);
    expect(read.mock.calls.flat().filter((key) => /[bc]\/[01]/.test(key))).toEqual([]);
  });

  test.each([
    ['damaged', 'nonsense'],
    ['of a later format', { format: 3 }],
    ['missing', undefined],
  ])("are found by their own labels if the run's label is %s", async (_, head) => {
    const { store, checkpoints } = await saved(0, 1);
    await store.setMany([['checkpoint/a/head', head]]);
    expect(await checkpoints.deleteOf('other')).toBe(0);
    expect(await checkpoints.deleteOf('default')).toBe(80);
    expect(await store.keys()).toEqual([]);
  });

  test('are deleted after a write that is in progress', async () => {
    const { store, checkpoints } = await saved();
    const saving = checkpoints.save('a', nth(0));
    expect(await checkpoints.deleteOf('default')).toBe(40);
    await saving;
    expect(await store.keys()).toEqual([]);
  });
});
