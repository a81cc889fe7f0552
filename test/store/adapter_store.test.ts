import { describe, expect, test, vi } from 'vitest';
import { type AdapterRecord, AdapterStore } from '../../src/store/adapter_store';
import { MemoryStore } from '../../src/store/blob_store';
import { FaultStore } from './fault_store';

const record: AdapterRecord = {
  config: '{"peft_type":"VERA"}',
  weights: Uint8Array.of(1, 2, 3),
  created_at: 1000,
  base_model: 'org/name',
};

describe('the adapter store', () => {
  test('stores adapters by id', async () => {
    const adapters = new AdapterStore(new MemoryStore());
    await adapters.set('my style', record);
    await adapters.set('another/one', { ...record, base_model: null });
    expect(await adapters.ids()).toEqual(['another/one', 'my style']);
    expect(await adapters.get('my style')).toMatchObject(record);
    await adapters.delete('my style');
    expect(await adapters.get('my style')).toBeUndefined();
    expect(await adapters.ids()).toEqual(['another/one']);
  });

  test('does not take other records for adapters', async () => {
    const store = new MemoryStore();
    await store.setMany([['checkpoint/a', 1]]);
    expect(await new AdapterStore(store).ids()).toEqual([]);
  });

  test.each([
    ['null', null],
    ['an earlier format', { format: 0, ...record }],
    ['a format that is no number', { format: '1', ...record }],
    ['no weights', { format: 1, ...record, weights: undefined }],
    ['weights of another type', { format: 1, ...record, weights: [1, 2, 3] }],
    ['a config that is no text', { format: 1, ...record, config: {} }],
    ['a hash of another type', { format: 1, ...record, sha256: 'abc' }],
    ['half of a hash', { format: 1, ...record, sha256: new Uint8Array(16) }],
  ])('refuses a record with %s', async (_case, value) => {
    const store = new MemoryStore();
    await store.setMany([['adapter/a', value]]);
    await expect(new AdapterStore(store).get('a')).rejects.toMatchObject({ code: 'storage_corrupt' });
  });

  test('says of a record with a later format that a newer version has written it', async () => {
    const store = new MemoryStore();
    await store.setMany([['adapter/a', { format: 2, ...record }]]);
    await expect(new AdapterStore(store).get('a')).rejects.toMatchObject({
      code: 'storage_corrupt',
      message: "The stored adapter 'a' can't be read: a newer version of webvera has written it",
    });
  });

  test.each(['weights', 'config'] as const)('refuses a record whose %s changed by a bit', async (part) => {
    const store = new MemoryStore();
    await new AdapterStore(store).set('a', record);
    const value = (await store.get('adapter/a')) as typeof record;
    const changed = { weights: Uint8Array.of(1, 2, 7), config: record.config.replace('VERA', 'VERB') };
    await store.setMany([['adapter/a', { ...value, [part]: changed[part] }]]);
    await expect(new AdapterStore(store).get('a')).rejects.toMatchObject({
      code: 'storage_corrupt',
      message: "The stored adapter 'a' isn't as it was written: its hash differs",
    });
  });

  test('reads a record from before hashes were kept', async () => {
    const store = new MemoryStore();
    await store.setMany([['adapter/a', { format: 1, ...record }]]);
    const adapters = new AdapterStore(store);
    const revision = { created_at: 1000, hash: '' };
    expect(await adapters.get('a')).toEqual({ ...record, revision });
    const { replaced, stored } = await adapters.set('a', record);
    expect(replaced).toEqual(revision);
    expect(await adapters.get('a')).toEqual({ ...record, revision: stored });
    expect(stored.hash).not.toBe('');
  });

  test('stores adapters if a page has no hashes', async () => {
    vi.stubGlobal('crypto', {});
    const adapters = new AdapterStore(new MemoryStore());
    await adapters.set('a', record);
    expect(await adapters.get('a')).toEqual({ ...record, revision: { created_at: 1000, hash: '' } });
    vi.unstubAllGlobals();
  });

  test('reports the replaced adapter, even if it was damaged', async () => {
    const store = new MemoryStore();
    const adapters = new AdapterStore(store);
    const first = await adapters.set('a', record);
    expect(first.replaced).toBeUndefined();
    expect((await adapters.set('a', record)).replaced).toEqual(first.stored);
    await store.setMany([['adapter/a', 'nonsense']]);
    expect((await adapters.set('a', record)).replaced).toEqual({ created_at: 0, hash: '' });
  });

  test('whichever operation fails, the stored adapter is whole, and the last acknowledged one', async () => {
    for (let failing = 1; ; failing++) {
      const inner = new MemoryStore();
      const store = new FaultStore(failing, inner);
      const adapters = new AdapterStore(store);
      let confirmed: AdapterRecord | undefined;
      for (let version = 1; version <= 3; version++) {
        const next = { ...record, created_at: version, weights: new Uint8Array(version).fill(version) };
        await adapters.set('a', next).then(
          () => {
            confirmed = next;
          },
          (error: unknown) => expect(error).toMatchObject({ code: 'storage_full' }),
        );
        const stored = await new AdapterStore(inner).get('a');
        if (confirmed === undefined) expect(stored).toBeUndefined();
        else expect(stored).toMatchObject(confirmed);
      }
      if (!store.failed) return expect(failing).toBe(4);
    }
  });
});
