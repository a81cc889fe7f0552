const UNKNOWN = 0;
const OUTSIDE = 1;
const INSIDE = 2;

/** Whether a class matches a character, given as its code. JavaScript's own engine tests each character once. */
export type CharacterSet = (character: number) => boolean;

/** `source` is a pattern for one character. Throws `SyntaxError`. */
export function characterSet(source: string, unicode: boolean): CharacterSet {
  const expression = new RegExp(`^(?:${source})$`, unicode ? 'u' : '');
  const textOf = unicode ? String.fromCodePoint : String.fromCharCode;
  const pages: (Uint8Array | undefined)[] = [];
  return (character) => {
    const page = pages[character >> 8] ?? new Uint8Array(256);
    pages[character >> 8] = page;
    const at = character & 0xff;
    if (page[at] === UNKNOWN) page[at] = expression.test(textOf(character)) ? INSIDE : OUTSIDE;
    return page[at] === INSIDE;
  };
}
