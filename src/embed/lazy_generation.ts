import type { GeneratedToken, Generation } from '../index';

/** A generation in a box: a promise of the generation itself would wait for its text. */
export interface Boxed {
  readonly generation: Generation;
}

/** A generation that starts later, for example after a model is loaded. */
export class LazyGeneration implements Generation {
  readonly #begun: Promise<Boxed>;

  constructor(begun: Promise<Boxed>) {
    this.#begun = begun;
  }

  // biome-ignore lint/suspicious/noThenProperty: a generation is awaited for its text
  then<A = string, B = never>(
    onText?: ((text: string) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#begun.then(({ generation }) => generation).then(onText, onError);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GeneratedToken, void, void> {
    yield* (await this.#begun).generation;
  }
}
