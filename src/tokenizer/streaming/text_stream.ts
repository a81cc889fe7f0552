/** The number of UTF-16 units that are encoded at a time, unless the window has no place where it can be split. */
export const WINDOW = 32_768;
/** The last `AFTER` units of a window are never split, because the text after the window can change their tokens. */
const AFTER = 256;
/** A window is split only in its last `REACH` units. */
const REACH = 2048;
/** The number of places where a split is tried, for each kind of place (see `places`). */
const TRIES = 8;
/** A window of this many units without a suitable place is split anyway, even if that changes a token. */
const LARGEST = 2 ** 16;

/** Encodes a text. `continued`: whether it continues another text. */
type EncodeText = (text: string, continued: boolean) => readonly number[];

/** The place where a window is split, the tokens before it, and whether the rest is encoded as a continuation. */
interface Cut {
  readonly ids: readonly number[];
  readonly at: number;
  readonly continued: boolean;
}

/**
 * Encodes a text that arrives in parts, one window at a time. A window is split only at a place that changes no token: the tokens of the
 * text after the split equal the last tokens of the whole window. So the tokens don't depend on how the text is divided into parts. A
 * window of 2^16 units without such a place is split anyway, because a longer one would block the thread for seconds.
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
   * Adds a part of the text and yields the tokens that no later part can change, window by window. If a window can't be split, yields an
   * empty list and enlarges the window. A caller may stop early, and push the next part later.
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

  /** Returns the tokens of the rest of the text, as if the text ended here. More parts may follow. */
  peek(): readonly number[] {
    return this.#rest === '' ? [] : this.#encode(this.#rest, this.#continued);
  }

  /** Encodes the rest of the text and returns its tokens. */
  finish(): readonly number[] {
    const ids = this.peek();
    this.#rest = '';
    return ids;
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

/**
 * Yields the places to try: first between words, then between lines, then where letters or white space begin or end. If the window has
 * `LARGEST` units or more, then tries any position.
 */
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
