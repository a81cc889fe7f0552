/** A row of a list. `update` shows an item in it. */
export interface KeyedRow<Item> {
  readonly root: HTMLElement;
  update(item: Item): void;
}

/** The most rows that are created or refreshed in a frame. With many more, the page would block. */
const MOST_IN_A_FRAME = 8;

/** The rows of a list by key. Only rows whose place changes are moved in the DOM, because a moved row loses the focus. */
export class KeyedRows<Key, Item> {
  readonly #list: HTMLElement;
  readonly #make: (key: Key) => KeyedRow<Item>;
  readonly #rows = new Map<Key, KeyedRow<Item>>();
  #items: ReadonlyMap<Key, Item> = new Map();
  #frame = 0;

  constructor(list: HTMLElement, make: (key: Key) => KeyedRow<Item>) {
    this.#list = list;
    this.#make = make;
  }

  /** Shows exactly these items in this order. If many are new, the last ones appear some frames later. */
  show(items: ReadonlyMap<Key, Item>): void {
    for (const [key, { root }] of this.#rows) {
      if (items.has(key)) continue;
      root.remove();
      this.#rows.delete(key);
    }
    this.#items = items;
    this.#place();
  }

  /** Updates all rows over the next frames, after a change that isn't part of their items. */
  refresh(): void {
    const keys = [...this.#items.keys()];
    const next = (): void => {
      for (const key of keys.splice(0, MOST_IN_A_FRAME)) {
        const item = this.#items.get(key);
        if (item !== undefined) this.#rows.get(key)?.update(item);
      }
      if (keys.length > 0) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }

  #place(): void {
    cancelAnimationFrame(this.#frame);
    let left = MOST_IN_A_FRAME;
    let next = this.#list.firstElementChild;
    for (const [key, item] of this.#items) {
      const known = this.#rows.get(key);
      if (known === undefined && left === 0) {
        this.#frame = requestAnimationFrame(() => this.#place());
        return;
      }
      if (known === undefined) left -= 1;
      const row = known ?? this.#make(key);
      this.#rows.set(key, row);
      row.update(item);
      if (row.root === next) next = next.nextElementSibling;
      else this.#list.insertBefore(row.root, next);
    }
  }
}
