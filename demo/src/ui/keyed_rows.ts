/** A row of a list, and how it comes to show an item. */
export interface KeyedRow<Item> {
  readonly root: HTMLElement;
  update(item: Item): void;
}

/** The rows of a list by what they show. Only rows that move are touched, so that the focus stays where it is. */
export class KeyedRows<Key, Item> {
  readonly #list: HTMLElement;
  readonly #make: (key: Key) => KeyedRow<Item>;
  readonly #rows = new Map<Key, KeyedRow<Item>>();

  constructor(list: HTMLElement, make: (key: Key) => KeyedRow<Item>) {
    this.#list = list;
    this.#make = make;
  }

  /** Shows these and no others, in this order. */
  show(items: ReadonlyMap<Key, Item>): void {
    for (const [key, { root }] of this.#rows) {
      if (items.has(key)) continue;
      root.remove();
      this.#rows.delete(key);
    }
    let next = this.#list.firstElementChild;
    for (const [key, item] of items) {
      const row = this.#rows.get(key) ?? this.#make(key);
      this.#rows.set(key, row);
      row.update(item);
      if (row.root === next) next = next.nextElementSibling;
      else this.#list.insertBefore(row.root, next);
    }
  }
}
