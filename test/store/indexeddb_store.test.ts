import { IDBDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { IndexedDbStore } from '../../src/store/indexeddb_store';
import { openStore } from '../../src/store/open_store';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the IndexedDB store', () => {
  test('asks for strict durability', async () => {
    const store = new IndexedDbStore('test', new IDBFactory());
    await store.open();
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await store.setMany([['a', 1]]);
    expect(transaction).toHaveBeenCalledExactlyOnceWith('values', 'readwrite', { durability: 'strict' });
  });

  test('keeps values for the next store of its name', async () => {
    const factory = new IDBFactory();
    const first = new IndexedDbStore('test', factory);
    await first.setMany([['a', Uint8Array.of(1)]]);
    await first.close();
    expect(await new IndexedDbStore('test', factory).get('a')).toEqual(Uint8Array.of(1));
    expect(await new IndexedDbStore('other', factory).get('a')).toBeUndefined();
  });

  test('lets another tab delete the database, and starts anew', async () => {
    const factory = new IDBFactory();
    const store = new IndexedDbStore('test', factory);
    await store.setMany([['a', 1]]);
    await new Promise<void>((resolve, reject) => {
      const request = factory.deleteDatabase('test');
      request.onsuccess = () => resolve();
      request.onblocked = () => reject(new Error('blocked'));
    });
    expect(await store.get('a')).toBeUndefined();
    await store.setMany([['b', 2]]);
    expect(await store.keys()).toEqual(['b']);
  });

  test('opens the database again when the browser has closed the connection', async () => {
    const store = new IndexedDbStore('test', new IDBFactory());
    await store.setMany([['a', 1]]);
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
      throw new DOMException('The database connection is closing', 'InvalidStateError');
    });
    expect(await store.get('a')).toBe(1);
  });

  test('gives up when the connection is closed again', async () => {
    const store = new IndexedDbStore('test', new IDBFactory());
    await store.open();
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw new DOMException('closed', 'InvalidStateError');
    });
    await expect(store.get('a')).rejects.toMatchObject({ name: 'StoreError', code: 'storage_unavailable' });
  });

  test('reports a full disk', async () => {
    const store = new IndexedDbStore('test', new IDBFactory());
    await store.setMany([['a', 'old']]);
    const full = new DOMException('no room', 'QuotaExceededError');
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw full;
    });
    const entries = [['a', 'new'] as const];
    await expect(store.setMany(entries)).rejects.toMatchObject({ code: 'storage_full', cause: full });
    expect(await store.get('a')).toBe('old');
    await store.setMany([['a', 'newer']]);
    expect(await store.get('a')).toBe('newer');
  });

  test('says why a disk is full where the browser says nothing', async () => {
    const store = new IndexedDbStore('test', new IDBFactory());
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw new DOMException('', 'QuotaExceededError');
    });
    await expect(store.setMany([['a', 'new']])).rejects.toMatchObject({
      code: 'storage_full',
      message: 'Storage is full: the browser gives this site no more room for adapters, profiles and checkpoints',
    });
  });

  test('two tabs that replace a value at once each get the value that they replaced', async () => {
    const factory = new IDBFactory();
    const tabs = Array.from({ length: 5 }, () => new IndexedDbStore('test', factory));
    const replaced = await Promise.all(tabs.map((tab, at) => tab.replace('a', at)));
    const last = await tabs[0]?.get('a');
    expect(new Set([...replaced, last])).toEqual(new Set([undefined, 0, 1, 2, 3, 4]));
  });

  test('replaces whole or not at all', async () => {
    const store = new IndexedDbStore('test', new IDBFactory());
    await store.setMany([['a', 'old']]);
    await expect(store.replace('a', () => {})).rejects.toMatchObject({ name: 'DataCloneError' });
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    await expect(store.replace('a', 'new')).rejects.toMatchObject({ code: 'storage_full' });
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(() => {
      throw new DOMException('gone', 'UnknownError');
    });
    await expect(store.replace('a', 'new')).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await store.get('a')).toBe('old');
    expect(await store.replace('a', 'new')).toBe('old');
    expect(await store.get('a')).toBe('new');
  });

  test('of two tabs that move a value at once, one moves it', async () => {
    const factory = new IDBFactory();
    const [one, other] = [new IndexedDbStore('test', factory), new IndexedDbStore('test', factory)];
    await one.setMany([['a', 1]]);
    expect(await Promise.all([one.move('a', 'b'), other.move('a', 'c')])).toEqual(['moved', 'missing']);
    expect(await one.keys()).toEqual(['b']);
    await one.setMany([['a', 2]]);
    expect(await Promise.all([one.move('a', 'c'), other.move('b', 'c')])).toEqual(['moved', 'taken']);
    expect([await one.get('b'), await one.get('c')]).toEqual([1, 2]);
  });

  test('moves a value or leaves it where it is', async () => {
    const store = new IndexedDbStore('test', new IDBFactory());
    await store.setMany([['a', 1]]);
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    await expect(store.move('a', 'b')).rejects.toMatchObject({ code: 'storage_full' });
    expect([await store.keys(), await store.get('a')]).toEqual([['a'], 1]);
  });

  test('reports an aborted transaction, for which the browser gives no reason', async () => {
    const store = new IndexedDbStore('test', new IDBFactory());
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (this: IDBObjectStore, ...args) {
      const request = put.apply(this, args);
      this.transaction.abort();
      return request;
    });
    await expect(store.setMany([['a', 1]])).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await store.get('a')).toBeUndefined();
  });
});

describe('without IndexedDB', () => {
  const refusing = {
    open() {
      throw new DOMException('denied in a sandboxed frame', 'SecurityError');
    },
  } as unknown as IDBFactory;

  test.each([
    ['there is none', undefined],
    ['it is refused', refusing],
  ])('memory replaces it when %s, with a warning on first use', async (_case, indexedDB) => {
    const onFallback = vi.fn();
    const store = openStore({ kind: 'auto', indexedDB, onFallback });
    expect(onFallback).not.toHaveBeenCalled();
    await store.setMany([['a', 1]]);
    expect(await store.get('a')).toBe(1);
    expect(store.persistent).toBe(false);
    expect(onFallback).toHaveBeenCalledOnce();
  });

  test('a database that another tab blocks is awaited, not replaced', async () => {
    vi.useFakeTimers();
    const factory = new IDBFactory();
    const blocked = vi.spyOn(factory, 'open').mockReturnValueOnce({} as IDBOpenDBRequest);
    const onFallback = vi.fn();
    const store = openStore({ kind: 'auto', indexedDB: factory, onFallback });
    const first = store.get('a');
    const refused = expect(first).rejects.toMatchObject({ code: 'storage_unavailable', retryable: true });
    await vi.advanceTimersByTimeAsync(30_000);
    await refused;
    vi.useRealTimers();
    await store.setMany([['a', 1]]);
    expect(await store.get('a')).toBe(1);
    expect(store.persistent).toBe(true);
    expect(onFallback).not.toHaveBeenCalled();
    expect(blocked).toHaveBeenCalledTimes(2);
  });

  test('memory that was requested gives no warning', async () => {
    const onFallback = vi.fn();
    const store = openStore({ kind: 'memory', onFallback });
    await store.setMany([['a', 1]]);
    expect(store.persistent).toBe(false);
    expect(onFallback).not.toHaveBeenCalled();
  });
});
