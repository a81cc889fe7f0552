const UNKNOWN = 0;
const OUTSIDE = 1;
const INSIDE = 2;

/**
 * The largest number of pages (tables of test results for 256 characters) that all classes of a pattern may create together, which limits
 * their memory. A text in one language needs few pages.
 */
const MOST_PAGES = 2 ** 14;

/**
 * Returns whether a character class contains a character, given as its code. JavaScript's own `RegExp` tests the character. A page stores
 * the result, so that the next call needs no test; without a page, each call tests.
 */
export type CharacterSet = (character: number) => boolean;

/** Counts the pages (tables of test results for 256 characters) that the classes of a pattern may still create. */
export interface Pages {
  left: number;
}

export function newPages(): Pages {
  return { left: MOST_PAGES };
}

/**
 * Compiles `source`, a pattern for one character. Test results are cached in pages of 256 characters. Throws `SyntaxError` for an invalid
 * pattern.
 */
export function characterSet(source: string, unicode: boolean, available: Pages): CharacterSet {
  const expression = new RegExp(`^(?:${source})$`, unicode ? 'u' : '');
  const textOf = unicode ? String.fromCodePoint : String.fromCharCode;
  const pages: (Uint8Array | undefined)[] = [];
  return (character) => {
    let page = pages[character >> 8];
    if (page === undefined) {
      if (available.left === 0) return expression.test(textOf(character));
      available.left -= 1;
      page = new Uint8Array(256);
      pages[character >> 8] = page;
    }
    const at = character & 0xff;
    if (page[at] === UNKNOWN) page[at] = expression.test(textOf(character)) ? INSIDE : OUTSIDE;
    return page[at] === INSIDE;
  };
}
