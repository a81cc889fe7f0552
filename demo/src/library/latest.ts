/** Handles one value at a time. If several values arrive while another is being handled, only the newest of them is handled. */
export class Latest<Value> {
  readonly #handle: (value: Value) => Promise<void>;
  #next: { readonly value: Value } | undefined;
  #draining: Promise<void> | undefined;

  /** `handle` must not reject. */
  constructor(handle: (value: Value) => Promise<void>) {
    this.#handle = handle;
  }

  /** Handles this value next, in place of any waiting one. Resolves once no value is left to handle. */
  push(value: Value): Promise<void> {
    this.#next = { value };
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  /** Resolves once all values are handled. */
  async idle(): Promise<void> {
    await this.#draining;
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
