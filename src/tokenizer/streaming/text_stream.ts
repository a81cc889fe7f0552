/** UTF-16 units that are encoded at a time, unless the window has no place to cut. */
export const WINDOW = 32_768;
/** The number of units at a window's end in which no cut is made, because the text after the window decides the last tokens. */
const AFTER = 256;
/** How far before a window's end cuts are tried, in units. */
const REACH = 2048;
/** Places of each kind that are tried. */
const TRIES = 8;
/** A window of this many units without a suitable place is cut anywhere, even if that changes a token. */
const LARGEST = 2 ** 16;

/** Encodes a text; `continued` says that it continues another. */
type EncodeText = (text: string, continued: boolean) => readonly number[];

/** A window's tokens before its cut, the place of the cut, and whether the rest is encoded as a continuation. */
interface Cut {
  readonly ids: readonly number[];
  readonly at: number;
  readonly continued: boolean;
}

/**
 * Encodes a text that arrives in parts, one window at a time. A window is cut only at a place that changes no token: the tokens of the
 * text after the cut equal the last tokens of the whole window. So the tokens don't depend on how the text is divided into parts. A
 * window of 2^16 characters without such a place is cut anyway, because a longer one would block the thread for seconds.
 */
export class TextStream {
  readonly #encode: EncodeText;
  #rest = '';
  #continued = false;
  #window = WINDOW;

  constructor(encode: EncodeText) {
    this.#encode = encode;
  }

  /**
   * Adds a part of the text and yields the tokens that no later part can change, window by window. Yields an empty list for a window
   * without a place to cut, which then grows. A caller may stop early, and push the next part later.
   */
  *push(text: string): Generator<readonly number[]> {
    this.#rest += text;
    while (this.#rest.length >= this.#window) {
      const cut = this.#cut(this.#rest.slice(0, this.#window));
      if (cut === undefined) {
        this.#window *= 2;
        yield [];
        continue;
      }
      this.#rest = this.#rest.slice(cut.at);
      this.#continued = cut.continued;
      this.#window = WINDOW;
      yield cut.ids;
    }
  }

  /** The tokens of the rest of the text. */
  finish(): readonly number[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : this.#encode(rest, this.#continued);
  }

  #cut(window: string): Cut | undefined {
    const whole = this.#encode(window, this.#continued);
    for (const at of places(window)) {
      for (const continued of [true, false]) {
        const after = this.#encode(window.slice(at), continued);
        const from = whole.length - after.length;
        if (from > 0 && after.length > 0 && after.every((id, i) => id === whole[from + i])) {
          return { ids: whole.slice(0, from), at, continued };
        }
      }
    }
    return window.length < LARGEST ? undefined : this.#cutAnywhere(window);
  }

  #cutAnywhere(window: string): Cut {
    const end = window.length - AFTER;
    const splitsPair = /^[\uDC00-\uDFFF]/.test(window.slice(end));
    const at = splitsPair ? end - 1 : end;
    return { ids: this.#encode(window.slice(0, at), this.#continued), at, continued: true };
  }
}

/** Places to try: between words, then between lines, then at the beginning of letters, digits, signs or white space. */
function* places(window: string): Generator<number> {
  const kinds = [
    /(?<=\S) (?=\p{L})/gu,
    /(?<=\n)(?=\S)/gu,
    /(?<=\p{L})(?=\P{L})|(?<=\P{L})(?=\p{L})|(?<=\s)(?=\S)|(?<=\S)(?=\s)/gu,
  ];
  if (window.length >= LARGEST) kinds.push(/(?=.)/gsu);
  const start = Math.max(1, window.length - REACH);
  const reach = window.slice(start - 1, window.length - AFTER);
  for (const kind of kinds) {
    const found = [...reach.matchAll(kind)].map(({ index }) => index).filter((index) => index > 0);
    for (const index of found.slice(-TRIES).reverse()) yield start - 1 + index;
  }
}
