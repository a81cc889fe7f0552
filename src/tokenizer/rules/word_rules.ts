import {
  DigitsPreTokenizer,
  type PreTokenizer,
  PunctuationPreTokenizer,
  WhitespacePreTokenizer,
} from '@huggingface/tokenizers';

/** The characters of words, as Rust's `\w` has them, for a class of a pattern. JavaScript's `\w` has ASCII alone. */
export const WORD = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d`;
const PUNCTUATION = '\\p{P}$+<=>^`|~';

/** The parts into which punctuation cuts a text, by the names of tokenizer.json. The first one is the default. */
const PUNCTUATION_PARTS: Readonly<Record<string, RegExp>> = {
  isolated: new RegExp(`[^${PUNCTUATION}]+|[${PUNCTUATION}]`, 'gu'),
  contiguous: new RegExp(`[^${PUNCTUATION}]+|[${PUNCTUATION}]+`, 'gu'),
  removed: new RegExp(`[^${PUNCTUATION}]+`, 'gu'),
  mergedwithprevious: new RegExp(`[^${PUNCTUATION}]*[${PUNCTUATION}]|[^${PUNCTUATION}]+`, 'gu'),
  mergedwithnext: new RegExp(`[${PUNCTUATION}][^${PUNCTUATION}]*|[^${PUNCTUATION}]+`, 'gu'),
};

/**
 * Returns the pattern whose matches are the words, for rules that use Unicode's classes of characters, as in Rust. The library's own
 * patterns use only ASCII's digits and letters, and support no behaviours. Undefined for other rules.
 */
export function wordPattern(leaf: PreTokenizer): RegExp | undefined {
  if (leaf instanceof DigitsPreTokenizer) return leaf.config.individual_digits ? /\P{N}+|\p{N}/gu : /\P{N}+|\p{N}+/gu;
  if (leaf instanceof WhitespacePreTokenizer) return new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu');
  if (!(leaf instanceof PunctuationPreTokenizer)) return undefined;
  return PUNCTUATION_PARTS[leaf.config.behavior?.toLowerCase() ?? 'isolated'];
}
