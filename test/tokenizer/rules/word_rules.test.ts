import {
  DigitsPreTokenizer,
  MetaspacePreTokenizer,
  type PreTokenizer,
  PunctuationPreTokenizer,
  StripNormalizer,
  WhitespacePreTokenizer,
  WhitespaceSplitPreTokenizer,
} from '@huggingface/tokenizers';
import { expect, test } from 'vitest';
import { StepBudget } from '../../../src/regex/step_budget';
import { TextStages } from '../../../src/tokenizer/rules/text_stages';
import { wordPattern } from '../../../src/tokenizer/rules/word_rules';

const cut = (rule: PreTokenizer, text: string): string[] =>
  new TextStages(null, rule, false).preTokenize(text, true, new StepBudget(1e6, 'too much', 'none'));
const digits = (individual_digits: boolean) => new DigitsPreTokenizer({ type: 'Digits', individual_digits });
const punctuation = (behavior?: string) =>
  new PunctuationPreTokenizer({ type: 'Punctuation', ...(behavior && { behavior }) } as never);

// The expected words come from the Python package tokenizers 0.23.3.
test.each<[string, PreTokenizer, string, readonly string[]]>([
  ['digits alone', digits(true), 'm² ½ cup ①②', ['m', '²', ' ', '½', ' cup ', '①', '②']],
  ['digits alone', digits(true), 'x12 ٣٤a', ['x', '1', '2', ' ', '٣', '٤', 'a']],
  ['digits', digits(false), 'm² ½ cup ①②', ['m', '²', ' ', '½', ' cup ', '①②']],
  ['digits', digits(false), 'x12 ٣٤a', ['x', '12', ' ', '٣٤', 'a']],
  ['white space', new WhitespacePreTokenizer(), 'café world!', ['café', 'world', '!']],
  ['white space', new WhitespacePreTokenizer(), 'm² a\u200db $5+5', ['m', '²', 'a\u200db', '$', '5', '+', '5']],
  ['parts between white space', new WhitespaceSplitPreTokenizer(), ' a\u0085b\ufeffc\u3000d ', ['a', 'b\ufeffc', 'd']],
  ['punctuation', punctuation(), 'hi!!" $5+5 …', ['hi', '!', '!', '"', ' ', '$', '5', '+', '5 ', '…']],
  ['punctuation', punctuation('Contiguous'), 'hi!!" $5+5', ['hi', '!!"', ' ', '$', '5', '+', '5']],
  ['punctuation', punctuation('Removed'), 'hi!!" $5+5', ['hi', ' ', '5', '5']],
  ['punctuation', punctuation('MergedWithPrevious'), '¡hi!!" $5+5', ['¡', 'hi!', '!', '"', ' $', '5+', '5']],
  ['punctuation', punctuation('MergedWithNext'), '¡hi!!" $5+5', ['¡hi', '!', '!', '" ', '$5', '+5']],
])('%s cut as by Rust: %#', (_, rule, text, words) => {
  expect(cut(rule, text)).toEqual(words);
});

test('a normalizer strips the white space that Rust strips', () => {
  const text = '\u0085\ufeff x \ufeff\u0085';
  const strip = (strip_left: boolean, strip_right: boolean, continued = false) =>
    new TextStages(new StripNormalizer({ type: 'Strip', strip_left, strip_right }), null, continued).normalize(
      text,
      new StepBudget(1e6, 'too much', 'none'),
    );
  expect(strip(true, true)).toBe('\ufeff x \ufeff');
  expect(strip(true, true, true)).toBe('\u0085\ufeff x \ufeff');
  expect(strip(false, false)).toBe(text);
});

test('other rules are the library’s', () => {
  expect(wordPattern(new MetaspacePreTokenizer({ type: 'Metaspace' }))).toBeUndefined();
});
