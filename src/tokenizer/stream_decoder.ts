import type { DecodeOptions, TextTokenizer } from './tokenizer';

/** Tokens that decide how the next one begins: whether a space belongs before it. */
const CONTEXT = 6;
/** A character has at most four bytes, so at most four tokens; what is still broken after more is broken for good. */
const MAX_PENDING = 8;
/** What stands for bytes that don't make a character yet. */
const REPLACEMENT = '\uFFFD';
const BROKEN_END = /\uFFFD+$/u;

export type Decoding = Required<DecodeOptions>;

/**
 * Turns tokens into text as they come. A token's text is held back while it ends within a character, and what was
 * given never changes: the parts joined are the text of all tokens, without special ones unless told otherwise.
 */
export class StreamDecoder {
  readonly #tokenizer: TextTokenizer;
  readonly #decoding: Decoding;
  /** Tokens whose text was given, as context, then those whose text is pending. */
  #ids: number[];
  #given: number;
  #held = '';

  /** `prompt` is what the tokens continue; its text isn't repeated. */
  constructor(
    tokenizer: TextTokenizer,
    prompt: readonly number[] = [],
    decoding: Decoding = { skip_special_tokens: true },
  ) {
    this.#tokenizer = tokenizer;
    this.#decoding = decoding;
    this.#ids = prompt.slice(-CONTEXT);
    this.#given = this.#ids.length;
  }

  /** What is held back, up to the character that is incomplete. */
  get held(): string {
    return this.#held.replace(BROKEN_END, '');
  }

  /** The text that is certain after this token; '' while a character is incomplete. */
  push(id: number): string {
    this.#ids.push(id);
    const text = this.#pendingText();
    const isIncomplete = text.endsWith(REPLACEMENT) && this.#ids.length - this.#given < MAX_PENDING;
    this.#held = isIncomplete ? text : '';
    return isIncomplete ? '' : this.#give(text);
  }

  /** What is still held back, when no more tokens come. */
  finish(): string {
    this.#held = '';
    return this.#give(this.#pendingText());
  }

  #pendingText(): string {
    const decode = (ids: readonly number[]) => this.#tokenizer.decode(ids, this.#decoding);
    return decode(this.#ids).slice(decode(this.#ids.slice(0, this.#given)).length);
  }

  #give(text: string): string {
    this.#ids = this.#ids.slice(-CONTEXT);
    this.#given = this.#ids.length;
    return text;
  }
}
