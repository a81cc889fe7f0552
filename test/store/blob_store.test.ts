import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test } from 'vitest';
import { type BlobStore, MemoryStore } from '../../src/store/blob_store';
import { IndexedDbStore } from '../../src/store/indexeddb_store';
import { openStore } from '../../src/store/open_store';
import { StoreError } from '../../src/store/store_error';

const kinds: [string, () => BlobStore][] = [
  ['memory', () => new MemoryStore()],
  ['IndexedDB', () => new IndexedDbStore('test', new IDBFactory())],
  ['chosen by itself', () => openStore({ kind: 'auto', indexedDB: new IDBFactory() })],
];

describe.each(kinds)('a store: %s', (_name, open) => {
  test('gives back copies of what was set', async () => {
    const store = open();
    const bytes = Uint8Array.of(1, 2, 3);
    await store.setMany([['a', { bytes }]]);
    bytes[0] = 9;
    const first = (await store.get('a')) as { bytes: Uint8Array };
    first.bytes[1] = 9;
    expect(await store.get('a')).toEqual({ bytes: Uint8Array.of(1, 2, 3) });
  });

  test('replaces, lists in order and deletes', async () => {
    const store = open();
    await store.setMany([
      ['b', 1],
      ['a', 2],
    ]);
    await store.setMany([['b', 3]]);
    expect(await store.keys()).toEqual(['a', 'b']);
    expect(await store.get('b')).toBe(3);
    await store.deleteMany(['b', 'unknown']);
    expect(await store.keys()).toEqual(['a']);
    expect(await store.get('b')).toBeUndefined();
  });

  test('sets all or nothing', async () => {
    const store = open();
    await store.setMany([['a', 'old']]);
    const unclonable = { call: () => {} };
    const entries = [
      ['a', 'new'],
      ['b', unclonable],
    ] as const;
    await expect(store.setMany(entries)).rejects.toThrow(/could not be cloned/);
    expect(await store.get('a')).toBe('old');
    expect(await store.keys()).toEqual(['a']);
  });

  test('sets only if a condition is true, in one transaction', async () => {
    const store = open();
    await store.setMany([['owner', 'mine']]);
    const mine = {
      key: 'owner',
      check(value: unknown) {
        if (value !== 'mine') throw new StoreError('locked_by_other_tab', `owned by ${value}`);
      },
    };
    await store.setMany([['a', 1]], mine);
    const outcomes = await Promise.allSettled([
      store.setMany([['a', 2]], mine),
      store.setMany([['owner', 'theirs']]),
      store.setMany([['a', 3]], mine),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { message: 'owned by theirs' } });
    expect(await store.get('a')).toBe(2);
    await store.deleteMany(['owner']);
    await expect(store.setMany([['a', 4]], mine)).rejects.toThrow('owned by undefined');
  });

  test('moves a value to a key that has none', async () => {
    const store = open();
    await store.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    expect(await store.move('a', 'b')).toBe('taken');
    expect(await store.move('c', 'b')).toBe('missing');
    expect(await store.move('c', 'c')).toBe('missing');
    expect([await store.get('a'), await store.get('b')]).toEqual([1, 2]);
    expect(await store.move('a', 'a')).toBe('moved');
    expect(await store.get('a')).toBe(1);
    expect(await store.move('a', 'c')).toBe('moved');
    expect(await store.keys()).toEqual(['b', 'c']);
    expect(await store.get('c')).toBe(1);
  });

  test('works again after it was closed', async () => {
    const store = open();
    await store.setMany([['a', 1]]);
    await store.close();
    expect(await store.get('a')).toBe(1);
  });
});
