/** UTF-16 units that are encoded at a time, unless no place to cut is found within them. */
export const WINDOW = 32_768;
/** How near to a window's end it may be cut: what follows decides some tokens. */
const AFTER = 256;
/** How far from its end. */
const REACH = 2048;
/** Places of a kind that are tried. */
const TRIES = 8;
/** A window so long without a place to cut is cut anywhere. */
const LARGEST = 2 ** 20;

/** Encodes a text; `continued` if it goes on another. */
type EncodeText = (text: string, continued: boolean) => readonly number[];

/**
 * Encodes a text that comes in parts. It is cut only where that is seen to make no difference: where the tokens of what follows
 * are the last ones of what was encoded together with it. However the parts come, the tokens are the same.
 */
export class TextStream {
  readonly #encode: EncodeText;
  #rest = '';
  #continued = false;
  #window = WINDOW;

  constructor(encode: EncodeText) {
    this.#encode = encode;
  }

  /** The tokens that are certain once `text` follows what came before. */
  push(text: string): number[] {
    const ids: number[] = [];
    this.#rest += text;
    while (this.#rest.length >= this.#window) {
      const cut = this.#cut(this.#rest.slice(0, this.#window));
      if (cut === undefined) {
        this.#window *= 2;
        continue;
      }
      for (const id of cut.ids) ids.push(id);
      this.#rest = this.#rest.slice(cut.at);
      this.#continued = cut.continued;
      this.#window = WINDOW;
    }
    return ids;
  }

  /** The tokens of what is left. */
  finish(): readonly number[] {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? [] : this.#encode(rest, this.#continued);
  }

  #cut(window: string): { ids: readonly number[]; at: number; continued: boolean } | undefined {
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
    return undefined;
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
