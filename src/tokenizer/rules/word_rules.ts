import {
  DigitsPreTokenizer,
  type PreTokenizer,
  WhitespacePreTokenizer,
  WhitespaceSplitPreTokenizer,
} from '@huggingface/tokenizers';

/** The characters that Rust's `\w` matches, written for use inside a character class. JavaScript's `\w` matches ASCII characters only. */
export const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d`;
/** Matches a character of Unicode's white space. JavaScript's `\s` and `trim` have a different set of characters. */
const WHITE_SPACE = /^\p{White_Space}$/u;
/** Matches one punctuation character. */
export const PUNCTUATION = /[\p{P}$+<=>^`|~]/gu;

/**
 * Returns the pattern that matches words, with Unicode's character classes as in Rust. The library's own patterns use only ASCII's digits
 * and letters, and JavaScript's white space. Undefined for other rules.
 */
export function wordPattern(leaf: PreTokenizer): RegExp | undefined {
  if (leaf instanceof DigitsPreTokenizer) return leaf.config.individual_digits ? /\P{N}+|\p{N}/gu : /\P{N}+|\p{N}+/gu;
  if (leaf instanceof WhitespacePreTokenizer) return new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu');
  return leaf instanceof WhitespaceSplitPreTokenizer ? /\P{White_Space}+/gu : undefined;
}

/** Removes the white space at the beginning, at the end, or at both ends of a text. */
export function stripped(text: string, fromLeft = false, fromRight = false): string {
  let [start, end] = [0, text.length];
  if (fromRight) while (end > start && WHITE_SPACE.test(text.charAt(end - 1))) end--;
  if (fromLeft) while (start < end && WHITE_SPACE.test(text.charAt(start))) start++;
  return text.slice(start, end);
}
