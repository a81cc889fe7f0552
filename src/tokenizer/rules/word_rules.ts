import {
  DigitsPreTokenizer,
  type PreTokenizer,
  PunctuationPreTokenizer,
  WhitespacePreTokenizer,
} from '@huggingface/tokenizers';

/** The characters that Rust's `\w` matches, written for use inside a character class. JavaScript's `\w` matches ASCII characters only. */
export const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d`;
const PUNCTUATION = '\\p{P}$+<=>^`|~';

/**
 * Patterns that match the parts into which punctuation splits a text, by the value of `behavior` in tokenizer.json. Default: `isolated`.
 */
const PUNCTUATION_PARTS: Readonly<Record<string, RegExp>> = {
  isolated: new RegExp(`[^${PUNCTUATION}]+|[${PUNCTUATION}]`, 'gu'),
  contiguous: new RegExp(`[^${PUNCTUATION}]+|[${PUNCTUATION}]+`, 'gu'),
  removed: new RegExp(`[^${PUNCTUATION}]+`, 'gu'),
  mergedwithprevious: new RegExp(`[^${PUNCTUATION}]*[${PUNCTUATION}]|[^${PUNCTUATION}]+`, 'gu'),
  mergedwithnext: new RegExp(`[${PUNCTUATION}][^${PUNCTUATION}]*|[^${PUNCTUATION}]+`, 'gu'),
};

/**
 * Returns the pattern whose matches are the words, with Unicode's character classes as in Rust. Undefined for rules that need no such
 * pattern. The library's own patterns use only ASCII's digits and letters, and don't support the setting `behavior`.
 */
export function wordPattern(leaf: PreTokenizer): RegExp | undefined {
  if (leaf instanceof DigitsPreTokenizer) return leaf.config.individual_digits ? /\P{N}+|\p{N}/gu : /\P{N}+|\p{N}+/gu;
  if (leaf instanceof WhitespacePreTokenizer) return new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu');
  if (!(leaf instanceof PunctuationPreTokenizer)) return undefined;
  return PUNCTUATION_PARTS[leaf.config.behavior?.toLowerCase() ?? 'isolated'];
}
