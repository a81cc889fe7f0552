import { untilAborted } from '../../core/async/abort';

/** An item that can be open, such as a profile. */
export interface Openable {
  /** Whether the item can still be used. An item may close without a call of `close`, for example when its session ends. */
  readonly isOpen: boolean;
  close(): Promise<void>;
}

/** One user's reference to a shared open item, such as a profile. The item is closed once its last reference is released. */
export interface ItemHold<T> {
  readonly item: T;
  /** Whether the item was opened for this holder; false if it was open already. */
  readonly isNew: boolean;
  /** Releases this reference, and closes the item if it was the last one. Later calls do nothing. */
  release(): Promise<void>;
  /** Closes the item for all its holders by running `body`. Meanwhile, calls of `hold` with the item's id wait. */
  end<R>(body: () => Promise<R>): Promise<R>;
}

interface SharedEntry<T> {
  readonly opening: Promise<T>;
  /** Set once the item is open. */
  item: T | undefined;
  holders: number;
  /** Set once closing has started. Resolves when the item is closed. */
  closing: Promise<unknown> | undefined;
}

/** Items that are opened once per id, and shared by any number of holders. */
export class SharedItems<T extends Openable> {
  readonly #entries = new Map<string, SharedEntry<T>>();

  /**
   * Shares the item that is open under `id`, or opens it with `open`. Rejects with `signal.reason` when the signal aborts, and with the
   * errors of `open`. If the `open` of an earlier caller fails, this call opens the item itself.
   */
  async hold(id: string, open: () => Promise<T>, signal?: AbortSignal): Promise<ItemHold<T>> {
    let known = this.#entries.get(id);
    for (; known?.closing !== undefined; known = this.#entries.get(id)) await untilAborted(known.closing, signal);
    signal?.throwIfAborted();
    const isNew = known === undefined || known.item?.isOpen === false;
    const entry = known === undefined || isNew ? this.#begin(id, open) : known;
    entry.holders += 1;
    try {
      return this.#holdOf(id, entry, await untilAborted(entry.opening, signal), isNew);
    } catch (error) {
      this.#release(id, entry).catch(() => {}); // the first error is the one to report
      if (isNew || signal?.aborted) throw error;
    }
    return this.hold(id, open, signal);
  }

  #begin(id: string, open: () => Promise<T>): SharedEntry<T> {
    const entry: SharedEntry<T> = { opening: open(), item: undefined, holders: 0, closing: undefined };
    this.#entries.set(id, entry);
    entry.opening.then(
      (item) => {
        entry.item = item;
      },
      () => this.#forget(id, entry),
    );
    return entry;
  }

  #holdOf(id: string, entry: SharedEntry<T>, item: T, isNew: boolean): ItemHold<T> {
    let isHeld = true;
    return {
      item,
      isNew,
      release: async () => {
        if (!isHeld) return;
        isHeld = false;
        await this.#release(id, entry);
      },
      end: (body) => this.#close(id, entry, body),
    };
  }

  async #release(id: string, entry: SharedEntry<T>): Promise<void> {
    entry.holders -= 1;
    if (entry.holders > 0 || entry.closing !== undefined) return;
    await this.#close(id, entry, async () => (await entry.opening).close());
  }

  async #close<R>(id: string, entry: SharedEntry<T>, body: () => Promise<R>): Promise<R> {
    const closing = body();
    entry.closing = closing.catch(() => {});
    try {
      return await closing;
    } finally {
      this.#forget(id, entry);
    }
  }

  #forget(id: string, entry: SharedEntry<T>): void {
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
  }
}
