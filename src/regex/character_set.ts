const PAGE = 256;
const UNKNOWN = 0;
const OUTSIDE = 1;
const INSIDE = 2;

/** The characters that a class matches. JavaScript's own engine tests each character once. */
export class CharacterSet {
  readonly #expression: RegExp;
  readonly #unicode: boolean;
  readonly #pages: (Uint8Array | undefined)[] = [];

  /** `source` is a pattern for one character. Throws `SyntaxError`. */
  constructor(source: string, unicode: boolean) {
    this.#expression = new RegExp(`^(?:${source})$`, unicode ? 'u' : '');
    this.#unicode = unicode;
  }

  has(character: number): boolean {
    const at = character & 0xff;
    const page = this.#pages[character >> 8] ?? this.#newPage(character >> 8);
    let answer = page[at];
    if (answer === UNKNOWN) {
      answer = this.#expression.test(this.#textOf(character)) ? INSIDE : OUTSIDE;
      page[at] = answer;
    }
    return answer === INSIDE;
  }

  #newPage(number: number): Uint8Array {
    const page = new Uint8Array(PAGE);
    this.#pages[number] = page;
    return page;
  }

  #textOf(character: number): string {
    return this.#unicode ? String.fromCodePoint(character) : String.fromCharCode(character);
  }
}
