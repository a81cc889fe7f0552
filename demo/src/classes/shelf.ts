import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import type { Learnt } from './learnt';
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
    const { set: samples, learnt, isStale = true } = kept;
    if (learnt === undefined || 'refined' in learnt) return { set: samples, learnt, isStale };
    // An earlier version of this page trained the vectors, on all samples that it may have had.
    const older: Omit<Learnt, 'refined' | 'measured'> = learnt;
    const refined = samples.samples.map(({ id }) => id);
    return { set: samples, learnt: { ...older, measured: undefined, refined }, isStale };
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
