import { describe, expect, test } from 'vitest';
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
  test('keeps adapters by id', async () => {
    const adapters = new AdapterStore(new MemoryStore());
    await adapters.set('my style', record);
    await adapters.set('another/one', { ...record, base_model: null });
    expect(await adapters.ids()).toEqual(['another/one', 'my style']);
    expect(await adapters.get('my style')).toEqual(record);
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
    ['a later format', { format: 2, ...record }],
    ['no weights', { format: 1, ...record, weights: undefined }],
    ['weights of another type', { format: 1, ...record, weights: [1, 2, 3] }],
    ['a config that is no text', { format: 1, ...record, config: {} }],
  ])('refuses a record with %s', async (_case, value) => {
    const store = new MemoryStore();
    await store.setMany([['adapter/a', value]]);
    await expect(new AdapterStore(store).get('a')).rejects.toMatchObject({ code: 'storage_corrupt' });
  });

  test('whichever operation fails, an adapter is whole and the last one that was confirmed', async () => {
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
        expect(await new AdapterStore(inner).get('a')).toEqual(confirmed);
      }
      if (!store.failed) return expect(failing).toBe(4);
    }
  });
});
