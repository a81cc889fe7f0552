import { delMany, get, keys, promisifyRequest, type UseStore } from 'idb-keyval';
import type { BlobStore, Condition, Stored } from './blob_store';
import { StoreError } from './store_error';

const objectStore = 'values';

/**
 * The time in milliseconds that the database may take to open: a busy machine takes several seconds, and a tab that is deleting the
 * database blocks it.
 */
const patience = 30_000;

/**
 * A store with its own IndexedDB database. Unlike idb-keyval's store, it requests strict durability, allows other tabs to delete the
 * database, and opens the database again after the browser has closed it.
 */
export class IndexedDbStore implements BlobStore {
  readonly persistent = true;
  readonly #name: string;
  readonly #factory: IDBFactory;
  #database: Promise<IDBDatabase> | undefined;

  constructor(name: string, factory: IDBFactory) {
    this.#name = name;
    this.#factory = factory;
  }

  /** Opens the database. Rejects with `storage_unavailable` if the browser refuses. */
  async open(): Promise<void> {
    await this.#open();
  }

  get(key: string): Promise<Stored | undefined> {
    return get<Stored>(key, this.#use);
  }

  setMany(entries: readonly (readonly [key: string, value: Stored])[], condition?: Condition): Promise<void> {
    return this.#use('readwrite', async (values) => {
      if (condition !== undefined) condition.check(await promisifyRequest<Stored>(values.get(condition.key)));
      for (const [key, value] of entries) values.put(value, key);
      return promisifyRequest(values.transaction);
    });
  }

  replace(key: string, value: Stored): Promise<Stored | undefined> {
    return this.#use('readwrite', async (values) => {
      const before = await promisifyRequest<Stored>(values.get(key));
      values.put(value, key);
      await promisifyRequest(values.transaction);
      return before;
    });
  }

  move(from: string, to: string): Promise<'moved' | 'missing' | 'taken'> {
    return this.#use('readwrite', async (values) => {
      const value = await promisifyRequest<Stored>(values.get(from));
      if (value === undefined) return 'missing';
      if (to !== from && (await promisifyRequest(values.getKey(to))) !== undefined) return 'taken';
      values.delete(from);
      values.put(value, to);
      await promisifyRequest(values.transaction);
      return 'moved';
    });
  }

  deleteMany(names: readonly string[]): Promise<void> {
    return delMany([...names], this.#use);
  }

  keys(): Promise<readonly string[]> {
    return keys<string>(this.#use);
  }

  async close(): Promise<void> {
    const database = await this.#database?.catch(() => undefined);
    this.#database = undefined;
    database?.close();
  }

  readonly #use: UseStore = async (mode, callback) => {
    const transaction = await this.#begin(mode);
    // While a request's error event bubbles to the transaction, `transaction.error`, which idb-keyval reads, isn't set yet.
    let cause: unknown;
    transaction.addEventListener('error', (event) => {
      cause ??= (event.target as IDBRequest | null)?.error;
    });
    try {
      return await callback(transaction.objectStore(objectStore));
    } catch (error) {
      const reason = error ?? transaction.error ?? cause;
      abandon(transaction);
      throw toStoreError(reason);
    }
  };

  async #begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    const begin = async (): Promise<IDBTransaction> =>
      (await this.#open()).transaction(objectStore, mode, { durability: 'strict' });
    try {
      return await begin();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') throw toStoreError(error);
      this.#database = undefined; // the browser closed the connection without an event
      return begin().catch((again: unknown) => {
        throw toStoreError(again);
      });
    }
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= openDatabase(this.#factory, this.#name, () => {
      this.#database = undefined;
    }).catch((error: unknown) => {
      this.#database = undefined;
      throw toStoreError(error);
    });
    return this.#database;
  }
}

/** Aborts a transaction. If a value can't be cloned, `put` throws after earlier writes, which the transaction would otherwise commit. */
function abandon(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // the transaction has already ended
  }
}

function openDatabase(factory: IDBFactory, name: string, onGone: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      const text = `The database did not open within ${patience / 1000} seconds: another tab may block it`;
      reject(new StoreError('storage_unavailable', text, { retryable: true }));
    }, patience);
    request.onupgradeneeded = () => request.result.createObjectStore(objectStore);
    request.onerror = () => {
      clearTimeout(late);
      reject(request.error);
    };
    request.onsuccess = () => {
      clearTimeout(late);
      const database = request.result;
      if (isLate) return database.close();
      database.onclose = onGone;
      database.onversionchange = () => {
        database.close(); // another tab wants to delete the database
        onGone();
      };
      resolve(database);
    };
  });
}

/** The error message for full storage in Firefox, whose own error has no message. */
const NO_ROOM = 'the browser gives this site no more room for adapters, profiles and checkpoints';

function toStoreError(error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: 'the transaction was aborted' };
  if (name === 'DataCloneError') return error; // the caller passed a value that can't be cloned
  if (name === 'QuotaExceededError')
    return new StoreError('storage_full', `Storage is full: ${message === '' ? NO_ROOM : message}`, { cause: error });
  const text = `Storage failed: ${name === '' ? message : `${name}: ${message}`}`;
  return new StoreError('storage_unavailable', text, { cause: error });
}
