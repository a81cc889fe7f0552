import type { DecodeOptions, TextTokenizer } from '../tokenizer';

/** The number of earlier tokens that are decoded together with the next one, because they decide whether a space precedes it. */
const CONTEXT = 6;
/** The number of the prompt's last tokens among which the first context is looked for. */
const PROMPT_END = 64;
/**
 * The maximum number of tokens that wait for the rest of a character. A character has at most four bytes, so at most four tokens: bytes
 * still incomplete after eight tokens are invalid.
 */
const MAX_PENDING = 8;
/** Decoders return this character in place of bytes that aren't a complete character. */
const REPLACEMENT = '\uFFFD';

export type Decoding = Required<DecodeOptions>;

/**
 * Decodes tokens one by one. It holds a token's text back while the last character is incomplete, and never revises text that it has
 * returned: all parts joined are the text of all tokens, by default without special tokens.
 */
export class StreamDecoder {
  readonly #tokenizer: TextTokenizer;
  readonly #decoding: Decoding;
  /** Context tokens, whose text has been returned, then tokens whose text is pending. */
  #ids: number[];
  #given: number;
  #held = '';

  /** `prompt` holds the tokens before the first one; their text isn't returned. */
  constructor(
    tokenizer: TextTokenizer,
    prompt: readonly number[] = [],
    decoding: Decoding = { skip_special_tokens: true },
  ) {
    this.#tokenizer = tokenizer;
    this.#decoding = decoding;
    this.#ids = prompt.slice(-PROMPT_END).filter(this.#hasText).slice(-CONTEXT);
    this.#given = this.#ids.length;
  }

  /** The text that is held back, without the incomplete character at its end. */
  get held(): string {
    // This is a loop, because a regular expression would scan a run of `REPLACEMENT` inside the text again from each of its positions.
    let end = this.#held.length;
    while (end > 0 && this.#held[end - 1] === REPLACEMENT) end--;
    return this.#held.slice(0, end);
  }

  /** Adds a token, and returns the text that it completes: '' while a character is incomplete. */
  push(id: number): string {
    if (this.#hasText(id)) this.#ids.push(id);
    const text = this.#pendingText();
    const isIncomplete = text.endsWith(REPLACEMENT) && this.#ids.length - this.#given < MAX_PENDING;
    this.#held = isIncomplete ? text : '';
    return isIncomplete ? '' : this.#give(text);
  }

  /** Returns the text still held back, after the last token. */
  finish(): string {
    this.#held = '';
    return this.#give(this.#pendingText());
  }

  /**
   * Whether a token has text, unlike special tokens, which are no context: a run of them would displace it. The token is decoded twice,
   * because a text loses the space at its beginning.
   */
  readonly #hasText = (id: number): boolean => this.#tokenizer.decode([id, id], this.#decoding) !== '';

  #pendingText(): string {
    const decode = (ids: readonly number[]) => this.#tokenizer.decode(ids, this.#decoding);
    const [whole, given] = [decode(this.#ids), decode(this.#ids.slice(0, this.#given))];
    // The context's text may end in an incomplete character, which the next tokens complete.
    let at = 0;
    while (at < given.length && whole[at] === given[at]) at++;
    return whole.slice(isWithinPair(whole, at) ? at - 1 : at);
  }

  #give(text: string): string {
    this.#ids = this.#ids.slice(-CONTEXT);
    this.#given = this.#ids.length;
    return text;
  }
}

/** Whether a position is between the two UTF-16 units of one character. */
function isWithinPair(text: string, at: number): boolean {
  return at > 0 && (text.codePointAt(at - 1) ?? 0) > 0xffff;
}
