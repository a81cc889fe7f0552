import { type Decoding, StreamDecoder } from './stream_decoder';
import type { TextTokenizer } from './tokenizer';

/** Special tokens are text to stop at, too. */
const WHOLE: Decoding = { skip_special_tokens: false };
/** A UTF-16 unit has at most three bytes, so at most three tokens. */
const TOKENS_PER_UNIT = 3;

/**
 * Sees where a text that comes token by token has one of some strings, as transformers' `StopStringCriteria` does: at the
 * token that completes it, however the string lies over tokens. It may begin in the prompt, but not end there.
 */
export class StopStrings {
  readonly #strings: readonly string[];
  readonly #decoder: StreamDecoder;
  /** Units before what is new that a string may begin in. */
  readonly #reach: number;
  #before: string;

  /** `strings` aren't empty. */
  constructor(tokenizer: TextTokenizer, prompt: readonly number[], strings: readonly string[]) {
    this.#strings = strings;
    this.#decoder = new StreamDecoder(tokenizer, prompt, WHOLE);
    this.#reach = Math.max(0, ...strings.map(({ length }) => length - 1));
    const end = this.#reach === 0 ? [] : prompt.slice(-TOKENS_PER_UNIT * (this.#reach + 1));
    this.#before = this.#lastOf(tokenizer.decode(end, WHOLE));
  }

  /** Whether one of the strings is there with this token, and wasn't before. */
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
