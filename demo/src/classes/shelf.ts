import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import type { Kept } from './state';

/** The pages' own data in this browser, apart from the library's. */
export class Shelf<Content> {
  readonly #key: string;
  #store: UseStore | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  /** The stored data; undefined if there is none, or only an older version's. */
  async read(): Promise<Kept<Content> | undefined> {
    const kept = await get<Partial<Kept<Content>>>(this.#key, this.#open());
    if (kept === undefined || !Array.isArray(kept.set?.classes) || !Array.isArray(kept.set.samples)) return undefined;
    return { set: kept.set, learnt: kept.learnt, isStale: kept.isStale ?? true };
  }

  async write({ set: samples, learnt, isStale }: Kept<Content>): Promise<void> {
    await set(this.#key, { set: samples, learnt, isStale }, this.#open());
  }

  async wipe(): Promise<void> {
    await del(this.#key, this.#open());
  }

  #open(): UseStore {
    this.#store ??= createStore('webvera-demo', 'classes');
    return this.#store;
  }
}
