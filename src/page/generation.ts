import type { GeneratedToken, GenerationConfig, ResolvedGenerationConfig } from '../core/generation';
import type { CallEvent } from './link';
import {
  abortSignal,
  anyBoolean,
  anyString,
  checkOptions,
  either,
  integer,
  oneOf,
  positive,
  type Rule,
} from './options';
import { Replay } from './replay';

/**
 * Iterate for tokens as they come; await for the new text ('' without a tokenizer). Both may be done, in either order.
 * Leaving the loop doesn't stop it: abort `signal` for that.
 */
export interface Generation extends AsyncIterable<GeneratedToken>, PromiseLike<string> {}

export class RemoteGeneration implements Generation {
  readonly #tokens = new Replay<GeneratedToken>();
  readonly #text: Promise<string>;

  constructor(start: (onEvent: (event: CallEvent) => void) => Promise<string>) {
    this.#text = start((event) => {
      if (event.type === 'token') this.#tokens.push({ text: event.text, token_id: event.token_id });
    });
    this.#text.then(
      () => this.#tokens.close(),
      (error: unknown) => this.#tokens.fail(error), // so an abandoned generation raises no unhandled rejection
    );
  }

  // biome-ignore lint/suspicious/noThenProperty: a Generation is awaited for its text
  then<A = string, B = never>(
    onText?: ((text: string) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#text.then(onText, onError);
  }

  [Symbol.asyncIterator](): AsyncIterator<GeneratedToken> {
    return this.#tokens[Symbol.asyncIterator]();
  }
}

const idList: Rule = {
  expected: 'a list of token ids',
  accepts: (value) => Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id >= 0),
};

export function resolveGenerationConfig(config: GenerationConfig): ResolvedGenerationConfig {
  checkOptions('GenerationConfig', config, {
    max_new_tokens: integer(1),
    do_sample: anyBoolean,
    temperature: positive,
    top_k: integer(0),
    seed: integer(0),
    eos_token_id: either(integer(0), idList, oneOf(null)),
    adapter_name: anyString,
    signal: abortSignal,
  });
  const { max_new_tokens = 20, do_sample = false, temperature = 1, top_k = 50, seed = 42, eos_token_id } = config;
  return {
    max_new_tokens,
    do_sample,
    temperature,
    top_k,
    seed,
    eos_token_id: typeof eos_token_id === 'number' ? [eos_token_id] : eos_token_id,
    adapter_name: config.adapter_name,
  };
}
