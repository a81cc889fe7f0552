/** UTF-16 units that are encoded at a time, unless no place to cut is found within them. */
export const WINDOW = 32_768;
/** How near to a window's end it may be cut: what follows decides some tokens. */
const AFTER = 256;
/** How far from its end. */
const REACH = 2048;
/** Places of a kind that are tried. */
const TRIES = 8;
/** A window of this length without a place between words is cut anywhere, even where that changes a token. */
const LARGEST = 2 ** 16;

/** Encodes a text; `continued` if it goes on another. */
type EncodeText = (text: string, continued: boolean) => readonly number[];

/** A window's tokens before the place where it is cut, and how the rest of the text begins. */
interface Cut {
  readonly ids: readonly number[];
  readonly at: number;
  readonly continued: boolean;
}

/**
 * Encodes a text that comes in parts, a window at a time. Windows end only where that is seen to make no difference: where the
 * tokens of the text after the cut are the last tokens of the whole window. However the parts come, the tokens are the same. A
 * text of 2^16 characters without such a place is cut all the same, as a longer window would keep the thread busy for seconds.
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
   * The tokens that are certain once `text` follows the parts before, window by window; none for a window that proved too short.
   * A caller may stop early, and push the next part later.
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

  /** The tokens of what is left. */
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

/** Where to try: between words, then between lines, then wherever letters, digits, signs or white space begin. */
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
