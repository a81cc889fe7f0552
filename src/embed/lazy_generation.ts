import type { GeneratedText, GeneratedToken, Generation } from '../index';
import type { OpinionDetail } from './public';

/**
 * An object that contains a generation. A promise can't resolve with the generation itself: it would wait for the text, because a
 * generation is a thenable.
 */
export interface Boxed {
  readonly generation: Generation;
}

/** A generation that starts later, for example after a model is loaded. */
export class LazyGeneration implements Generation {
  readonly [Symbol.toStringTag] = 'Promise';
  readonly prompt: Generation['prompt'];
  readonly seed: number;
  readonly #begun: Promise<Boxed>;
  readonly #text: Promise<string>;
  #generation: Generation | undefined;

  constructor(begun: Promise<Boxed>, { prompt, seed }: Pick<Generation, 'prompt' | 'seed'>) {
    this.#begun = begun;
    this.prompt = prompt;
    this.seed = seed;
    this.#text = begun.then(({ generation }) => {
      this.#generation = generation;
      return generation;
    });
    // The element itself reports errors, so a rejection that the page doesn't handle must not be reported again.
    this.#text.catch(() => {});
  }

  get token_ids(): readonly number[] {
    return this.#generation?.token_ids ?? [];
  }

  // biome-ignore lint/suspicious/noThenProperty: a generation is awaited for its text
  then<A = string, B = never>(
    onText?: ((text: string) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#text.then(onText, onError);
  }

  catch<B = never>(onError?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<string | B> {
    return this.#text.catch(onError);
  }

  finally(onEnd?: (() => void) | null): Promise<string> {
    return this.#text.finally(onEnd);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GeneratedToken, void, void> {
    yield* (await this.#begun).generation;
  }
}

/** Copies a prompt, because the page may change its list and messages before the model is loaded. */
export function promptNow(prompt: Generation['prompt']): Generation['prompt'] {
  if (!Array.isArray(prompt)) return prompt;
  // A class may define role and content as accessors, which spread syntax skips.
  const copyOf = (one: unknown): unknown =>
    typeof one === 'object' && one !== null
      ? { ...one, ...('role' in one && { role: one.role }), ...('content' in one && { content: one.content }) }
      : one;
  return prompt.map(copyOf) as typeof prompt;
}

/** Returns the prompt and the text of any value that `Profile.rate` takes. */
export async function textOf(
  given: Generation | GeneratedText | string,
): Promise<Pick<OpinionDetail, 'prompt' | 'completion'>> {
  if (typeof given === 'string') return { prompt: '', completion: given };
  return { prompt: given.prompt, completion: 'completion' in given ? given.completion : await given };
}
