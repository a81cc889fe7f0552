import { WebVeraError } from '../../core/errors/error';
import type { Handle } from './call_protocol';

/** The loaded things that the page refers to, by their handles. */
export class Handles<T> {
  readonly #what: string;
  readonly #items = new Map<Handle, T>();
  #next = 1;

  constructor(what: string) {
    this.#what = what;
  }

  add(item: T): Handle {
    const handle = this.#next;
    this.#next += 1;
    this.#items.set(handle, item);
    return handle;
  }

  /** Throws `invalid_argument` if it was disposed of. */
  get(handle: Handle): T {
    const item = this.#items.get(handle);
    if (item !== undefined) return item;
    throw new WebVeraError('invalid_argument', `Expected a ${this.#what} that is loaded, but it was disposed of`, {
      hint: `Load the ${this.#what} again.`,
    });
  }

  find(handle: Handle): T | undefined {
    return this.#items.get(handle);
  }

  delete(handle: Handle): void {
    this.#items.delete(handle);
  }

  entries(): [Handle, T][] {
    return [...this.#items];
  }
}
