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

  /** Ends the list with an error, which readers get after the items so far. */
  fail(error: unknown): void {
    this.#end ??= { failed: true, error };
    this.#wake();
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

/**
 * A promise of a result that can also be iterated for its items. If it rejects without a reader or an awaiting caller, that is an unhandled
 * rejection.
 */
export abstract class Followed<Item, Result> implements AsyncIterable<Item>, Promise<Result> {
  readonly [Symbol.toStringTag] = 'Promise';
  protected abstract readonly items: Replay<Item>;
  protected abstract readonly result: Promise<Result>;
  readonly #ends: (() => void)[] = [];
  #isOver = false;

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its output, and a generation for its text
  then<A = Result, B = never>(
    onResult?: ((result: Result) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result.then(onResult, onError);
  }

  catch<B = never>(onError?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Result | B> {
    return this.result.catch(onError);
  }

  finally(onEnd?: (() => void) | null): Promise<Result> {
    return this.result.finally(onEnd);
  }

  [Symbol.asyncIterator](): AsyncIterator<Item> {
    // The readers of the items get the error, so the rejection counts as handled.
    this.result.catch(() => {});
    return this.items[Symbol.asyncIterator]();
  }

  /** Calls `end` as the promise settles, or at once if it has settled. Unlike `finally`, it doesn't mark a rejection as handled. */
  whenOver(end: () => void): void {
    if (this.#isOver) end();
    else this.#ends.push(end);
  }

  /** Returns a promise that settles like `body`, and ends `items` when it settles. */
  protected following(body: Promise<Result>): Promise<Result> {
    const over = (): void => {
      this.#isOver = true;
      for (const end of this.#ends.splice(0)) end();
    };
    return body.then(
      (result) => {
        this.items.close();
        over();
        return result;
      },
      (error: unknown) => {
        this.items.fail(error);
        over();
        throw error;
      },
    );
  }
}
