import { untilAborted } from '../../core/async/abort';

/** What can be open. */
export interface Openable {
  /** Whether it is of use still: it may end by itself. */
  readonly isOpen: boolean;
  close(): Promise<void>;
}

/** Somebody's share of what is open. */
export interface Hold<T> {
  readonly item: T;
  /** Whether it was opened for this holder. */
  readonly isNew: boolean;
  /** Once; what nobody holds any more is closed. */
  release(): Promise<void>;
  /** Takes it from all who hold it: nobody gets it any more, and whoever asks for its id waits until `body` is through. */
  end<R>(body: () => Promise<R>): Promise<R>;
}

interface Entry<T> {
  readonly opening: Promise<T>;
  /** Once it is open. */
  item: T | undefined;
  holders: number;
  /** Resolves at the end of its closing, which has begun. */
  closing: Promise<unknown> | undefined;
}

/** Things by id that are open once, however many hold them. */
export class Shared<T extends Openable> {
  readonly #entries = new Map<string, Entry<T>>();

  /** What is open under the id, or what `open` makes of it. Aborted, it rejects with `signal.reason`. */
  async hold(id: string, open: () => Promise<T>, signal?: AbortSignal): Promise<Hold<T>> {
    let known = this.#entries.get(id);
    for (; known?.closing !== undefined; known = this.#entries.get(id)) await untilAborted(known.closing, signal);
    const isNew = known === undefined || known.item?.isOpen === false;
    const entry = known === undefined || isNew ? this.#begin(id, open) : known;
    entry.holders += 1;
    try {
      return this.#holdOf(id, entry, await untilAborted(entry.opening, signal), isNew);
    } catch (error) {
      this.#release(id, entry).catch(() => {}); // the first error tells
      throw error;
    }
  }

  #begin(id: string, open: () => Promise<T>): Entry<T> {
    const entry: Entry<T> = { opening: open(), item: undefined, holders: 0, closing: undefined };
    this.#entries.set(id, entry);
    entry.opening.then(
      (item) => {
        entry.item = item;
      },
      () => this.#forget(id, entry),
    );
    return entry;
  }

  #holdOf(id: string, entry: Entry<T>, item: T, isNew: boolean): Hold<T> {
    let isHeld = true;
    return {
      item,
      isNew,
      release: async () => {
        if (isHeld) await this.#release(id, entry);
        isHeld = false;
      },
      end: (body) => this.#close(id, entry, body),
    };
  }

  async #release(id: string, entry: Entry<T>): Promise<void> {
    entry.holders -= 1;
    if (entry.holders > 0 || entry.closing !== undefined) return;
    await this.#close(id, entry, async () => (await entry.opening).close());
  }

  async #close<R>(id: string, entry: Entry<T>, body: () => Promise<R>): Promise<R> {
    const closing = body();
    entry.closing = closing.catch(() => {});
    try {
      return await closing;
    } finally {
      this.#forget(id, entry);
    }
  }

  #forget(id: string, entry: Entry<T>): void {
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
  }
}
