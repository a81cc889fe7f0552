/** UTF-16 units. Long enough that seams are rare, short enough that a piece takes milliseconds. */
export const MAX_PIECE = 4096;
/** A cut looks at what follows it; without that much text at hand it would depend on how the text comes in. */
const LOOKAHEAD = 3;

/**
 * What happens at a seam to the space before a word, so that the pieces' tokens joined are the whole text's tokens:
 * it goes with the word (`Ġword`), or it is dropped because the tokenizer puts one before every text (`▁word`).
 */
export type Seam = 'keep' | 'drop';

/** Finds out by trying which seam a tokenizer needs. `encode` adds no special tokens. */
export function seamOf(encode: (text: string) => readonly unknown[]): Seam {
  const whole = encode('the cat sat').join();
  const joined = (next: string) => [...encode('the cat'), ...encode(next)].join();
  return joined(' sat') !== whole && joined('sat') === whole ? 'drop' : 'keep';
}

/** Where a text can be cut: `end` closes the piece, `next` begins the following one. */
interface Cut {
  readonly end: number;
  readonly next: number;
}

/** Cuts a text that comes in parts into pieces of about `MAX_PIECE`. */
export class PieceCutter {
  readonly #seam: Seam;
  #rest = '';

  constructor(seam: Seam) {
    this.#seam = seam;
  }

  /** The pieces that are complete once `text` follows what came before. */
  *push(text: string): Generator<string> {
    this.#rest += text;
    let from = 0;
    while (this.#rest.length - from >= MAX_PIECE + LOOKAHEAD) {
      const cut = findCut(this.#rest, from, this.#seam);
      yield this.#rest.slice(from, cut.end);
      from = cut.next;
    }
    this.#rest = this.#rest.slice(from);
  }

  /** The last piece; empty if nothing is left. */
  finish(): string {
    const rest = this.#rest;
    this.#rest = '';
    return rest;
  }
}

/** The pieces of a text that is there as a whole. */
export function* cutText(text: string, seam: Seam): Generator<string> {
  const cutter = new PieceCutter(seam);
  yield* cutter.push(text);
  yield cutter.finish();
}

/** The last good place within a piece's reach: between two words, else at white space, else anywhere. */
function findCut(text: string, from: number, seam: Seam): Cut {
  const limit = from + MAX_PIECE;
  for (let at = limit; at > from + MAX_PIECE / 2; at--) {
    if (text.charAt(at) === ' ' && isWordBefore(text, at) && isLetterAt(text, at + 1)) {
      return { end: at, next: seam === 'drop' ? at + 1 : at };
    }
  }
  for (let at = limit; at > from + MAX_PIECE / 2; at--) {
    if (/\s/.test(text.charAt(at - 1)) && !/\s/.test(text.charAt(at))) return { end: at, next: at };
  }
  const splitsPair = isHighSurrogate(text.charCodeAt(limit - 1));
  const end = splitsPair ? limit - 1 : limit;
  return { end, next: end };
}

function isWordBefore(text: string, at: number): boolean {
  return at > 0 && !/\s/.test(text.charAt(at - 1));
}

function isLetterAt(text: string, at: number): boolean {
  return /^\p{L}/u.test(String.fromCodePoint(text.codePointAt(at) ?? 0));
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
