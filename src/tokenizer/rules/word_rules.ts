import { DigitsPreTokenizer, type PreTokenizer, WhitespacePreTokenizer } from '@huggingface/tokenizers';

/** The characters that Rust's `\w` matches, written for use inside a character class. JavaScript's `\w` matches ASCII characters only. */
export const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d`;
/** Matches one punctuation character. */
export const PUNCTUATION = /[\p{P}$+<=>^`|~]/gu;

/**
 * Returns the pattern whose matches are the words, with Unicode's character classes as in Rust. Undefined for rules that need no such
 * pattern. The library's own patterns use only ASCII's digits and letters.
 */
export function wordPattern(leaf: PreTokenizer): RegExp | undefined {
  if (leaf instanceof DigitsPreTokenizer) return leaf.config.individual_digits ? /\P{N}+|\p{N}/gu : /\P{N}+|\p{N}+/gu;
  if (leaf instanceof WhitespacePreTokenizer) return new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu');
  return undefined;
}
