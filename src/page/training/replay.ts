/** A growing list that any number of readers follow, each from its start, until it is closed or fails. */
export class Replay<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #waiting = new Set<() => void>();
  #end: { readonly failed: boolean; readonly error?: unknown } | undefined;

  push(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  close(): void {
    this.#end ??= { failed: false };
    this.#wake();
  }

  /** Readers get the items so far, and then the error. */
  fail(error: unknown): void {
    this.#end ??= { failed: true, error };
    this.#wake();
  }

  /** Closes when the promise resolves, and fails when it rejects: so an abandoned run raises no unhandled rejection. */
  endWith(result: Promise<unknown>): void {
    result.then(
      () => this.close(),
      (error: unknown) => this.fail(error),
    );
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (let next = 0; ; ) {
      while (next < this.#items.length) yield this.#items[next++] as T;
      if (this.#end?.failed) throw this.#end.error;
      if (this.#end !== undefined) return;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** Iterated for its items, or awaited for its result. */
export abstract class Followed<Item, Result> implements AsyncIterable<Item>, PromiseLike<Result> {
  protected abstract readonly items: Replay<Item>;
  protected abstract readonly result: Promise<Result>;

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its output, and a generation for its text
  then<A = Result, B = never>(
    onResult?: ((result: Result) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result.then(onResult, onError);
  }

  [Symbol.asyncIterator](): AsyncIterator<Item> {
    return this.items[Symbol.asyncIterator]();
  }
}
