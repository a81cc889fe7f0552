import type { GeneratedToken, Generation } from '../index';

/** A generation that begins once something else is there. In a box, as promises would wait for the generation itself. */
export interface Boxed {
  readonly generation: Generation;
}

/** Tokens as they come, and the text in the end, of a generation that is yet to begin. */
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
