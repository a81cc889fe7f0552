/** Does one thing at a time for values that come faster: each next one with the newest value, and those between never. */
export class Latest<Value> {
  readonly #handle: (value: Value) => Promise<void>;
  #next: { readonly value: Value } | undefined;
  #draining: Promise<void> | undefined;

  /** `handle` never rejects. */
  constructor(handle: (value: Value) => Promise<void>) {
    this.#handle = handle;
  }

  /** Resolves once there is nothing left to do. */
  push(value: Value): Promise<void> {
    this.#next = { value };
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#next !== undefined) {
      const { value } = this.#next;
      this.#next = undefined;
      await this.#handle(value);
    }
    this.#draining = undefined;
  }
}
