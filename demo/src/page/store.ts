/** Holds an immutable state, and calls listeners when the state is replaced. */
export class Store<T extends object> {
  #value: T;
  readonly #listeners: ((value: T, before: T) => void)[] = [];

  constructor(initial: T) {
    this.#value = initial;
  }

  get value(): T {
    return this.#value;
  }

  set(patch: Partial<T>): void {
    const before = this.#value;
    this.#value = { ...before, ...patch };
    for (const listener of this.#listeners) listener(this.#value, before);
  }

  /** Calls a listener now, and after every change. */
  watch(listener: (value: T, before: T) => void): void {
    this.#listeners.push(listener);
    listener(this.#value, this.#value);
  }
}
