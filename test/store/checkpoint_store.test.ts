import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/store/blob_store';
import { CheckpointStore, type StoredCheckpoint } from '../../src/store/checkpoint_store';
import { FaultStore } from './fault_store';

/** The `seq`th checkpoint of a name whose slots are written to in turns. */
function nth(seq: number, training = 'first'): StoredCheckpoint {
  return { slot: seq % 2 === 0 ? 0 : 1, seq, training, adapters: ['default'], bytes: new Uint8Array(40).fill(seq) };
}

/** Changes a stored value in place. */
async function change(store: MemoryStore, key: string, patch: (value: Record<string, unknown>) => object) {
  const value = (await store.get(key)) as Record<string, unknown>;
  expect(value).toBeDefined();
  await store.setMany([[key, { ...value, ...patch(value) }]]);
}

async function saved(...seqs: readonly number[]): Promise<{ store: MemoryStore; checkpoints: CheckpointStore }> {
  const store = new MemoryStore();
  const checkpoints = new CheckpointStore(store);
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

  test('only names that were saved lately are kept', async () => {
    const { store, checkpoints } = await saved();
    await store.setMany([['adapter/mine', 1]]);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await checkpoints.save(name, nth(0));
      await new Promise((resolve) => setTimeout(resolve, 2));
      await checkpoints.save('a', nth(1));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const names = new Set((await store.keys()).map((key) => key.split('/')[1]));
    expect([...names].sort()).toEqual(['a', 'd', 'e', 'f', 'mine']);
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
      const checkpoints = new CheckpointStore(store);
      let confirmed = -1;
      for (let seq = 0; seq < 4; seq++) {
        await checkpoints.save('a', nth(confirmed + 1)).then(
          () => {
            confirmed += 1;
          },
          (error: unknown) => expect(error).toMatchObject({ code: 'storage_full' }),
        );
        const { found, damaged } = await new CheckpointStore(inner).load('a');
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
      const loading = new CheckpointStore(store).load('a');
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
