import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import type { Kept } from './state';

/** The pages' own data in this browser, apart from the library's. */
export class Shelf<Content> {
  readonly #key: string;
  readonly #model: string;
  #store: UseStore | undefined;

  /** `model`: the base model's name. An adapter of another one is left out, because it is learnt again from the samples. */
  constructor(key: string, model: string) {
    this.#key = key;
    this.#model = model;
  }

  /** The stored data; undefined if there is none, or only an older version's. */
  async read(): Promise<Kept<Content> | undefined> {
    const kept = await get<Partial<Kept<Content>>>(this.#key, this.#open());
    if (kept === undefined || !Array.isArray(kept.set?.classes) || !Array.isArray(kept.set.samples)) return undefined;
    const { set: samples, learnt, isStale = true, isRefined = false } = kept;
    return learnt?.model === this.#model
      ? { set: samples, learnt, isStale, isRefined }
      : { set: samples, learnt: undefined, isStale: true, isRefined: false };
  }

  async write({ set: samples, learnt, isStale, isRefined }: Kept<Content>): Promise<void> {
    await set(this.#key, { set: samples, learnt, isStale, isRefined }, this.#open());
  }

  async wipe(): Promise<void> {
    await del(this.#key, this.#open());
  }

  #open(): UseStore {
    this.#store ??= createStore('webvera-demo', 'classes');
    return this.#store;
  }
}
