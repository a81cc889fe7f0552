import { createStore, del, get, type UseStore, update } from 'idb-keyval';
import type { Kept } from './state';

/** The stored data, with an identifier that changes with every write. */
interface Stored<Content> extends Kept<Content> {
  readonly version: string;
}

/** Thrown if another tab has written since this tab last read or wrote. */
export class WrittenElsewhere extends Error {}

/** The storage of a page's own data in this browser, separate from the library's. */
export class Shelf<Content> {
  readonly #key: string;
  readonly #model: string;
  #store: UseStore | undefined;
  /** The version that this tab last read or wrote; undefined if there was none. */
  #version: string | undefined;

  /** `model`: the base model's name. `read` omits an adapter of another model, so that the page learns again. */
  constructor(key: string, model: string) {
    this.#key = key;
    this.#model = model;
  }

  /** Reads the stored data; undefined if there are none, or if an older version of the page stored them in another format. */
  async read(): Promise<Kept<Content> | undefined> {
    const kept = await get<Partial<Stored<Content>>>(this.#key, this.#open());
    this.#version = kept?.version;
    if (kept === undefined || !Array.isArray(kept.set?.classes) || !Array.isArray(kept.set.samples)) return undefined;
    const { set: samples, learnt, isStale = true, isRefined = false } = kept;
    return learnt?.model === this.#model
      ? { set: samples, learnt, isStale, isRefined }
      : { set: samples, learnt: undefined, isStale: true, isRefined: false };
  }

  /** Stores the data. Rejects with `WrittenElsewhere`, and writes nothing, if another tab has written meanwhile. */
  async write({ set, learnt, isStale, isRefined }: Kept<Content>): Promise<void> {
    const version = crypto.randomUUID();
    // These data may be older than those that a `read` returns during the write.
    const known = this.#version;
    const next = (stored: Partial<Stored<Content>> | undefined): Stored<Content> => {
      if (stored?.version !== known) throw new WrittenElsewhere();
      return { set, learnt, isStale, isRefined, version };
    };
    await update(this.#key, next, this.#open());
    this.#version = version;
  }

  /** Whether another tab has written since this tab last read or wrote. */
  async isWrittenElsewhere(): Promise<boolean> {
    const stored = await get<Partial<Stored<Content>>>(this.#key, this.#open());
    return stored?.version !== this.#version;
  }

  async wipe(): Promise<void> {
    await del(this.#key, this.#open());
    this.#version = undefined;
  }

  #open(): UseStore {
    this.#store ??= createStore('webvera-demo', 'classes');
    return this.#store;
  }
}
