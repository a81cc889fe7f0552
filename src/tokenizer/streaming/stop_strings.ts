import type { TextTokenizer } from '../tokenizer';
import { type Decoding, StreamDecoder } from './stream_decoder';

/** Special tokens are decoded too, because a stop string may be one. */
const WHOLE: Decoding = { skip_special_tokens: false };
/** A UTF-16 unit has at most three bytes in UTF-8, so at most three tokens. */
const TOKENS_PER_UNIT = 3;

/**
 * Finds stop strings in a text that is generated token by token, like transformers' `StopStringCriteria`: it reports the token that
 * completes a string, even if the string spans several tokens or begins in the prompt.
 */
export class StopStrings {
  readonly #strings: readonly string[];
  readonly #decoder: StreamDecoder;
  /** How far before the new text a stop string may begin, in UTF-16 units. */
  readonly #reach: number;
  #before: string;

  /** `strings` must not contain an empty string. */
  constructor(tokenizer: TextTokenizer, prompt: readonly number[], strings: readonly string[]) {
    this.#strings = strings;
    this.#decoder = new StreamDecoder(tokenizer, prompt, WHOLE);
    this.#reach = Math.max(0, ...strings.map(({ length }) => length - 1));
    const end = this.#reach === 0 ? [] : prompt.slice(-TOKENS_PER_UNIT * (this.#reach + 1));
    this.#before = this.#lastOf(tokenizer.decode(end, WHOLE));
  }

  /** Adds a token, and returns whether it completes one of the strings. */
  push(id: number): boolean {
    const given = this.#decoder.push(id);
    const text = this.#before + given + this.#decoder.held;
    const isThere = this.#strings.some((string) => text.includes(string, this.#before.length - string.length + 1));
    this.#before = this.#lastOf(this.#before + given);
    return isThere;
  }

  #lastOf(text: string): string {
    return text.slice(Math.max(0, text.length - this.#reach));
  }
}
