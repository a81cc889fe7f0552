import { describe, expect, test } from 'vitest';
import { checkPattern } from '../../src/tokenizer/patterns';

const refused = expect.objectContaining({ code: 'invalid_format' });

describe('patterns of published tokenizers pass', () => {
  test.each([
    ["'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"],
    [
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    ],
    [
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    ],
    [
      '[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s',
    ],
    ['\\d{1,3}(?=(?:\\d{3})*\\b)'],
    [' ?[^(\\s|[.,!?…。，、।۔،])]+'],
    ['[\\p{Lu}&&[^\\p{Han}]]*[一-龥]+'],
    ['[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|\\x{2581}? {2,}'],
  ])('%s', (pattern) => {
    expect(() => checkPattern(pattern)).not.toThrow();
  });
});

describe('patterns that could run for ever are refused', () => {
  test.each([
    ['(a+)+$'],
    ['(a|a)*$'],
    ['(?:a|ab)+c'],
    ['(?i:a*)*'],
    ['(?<name>a?){30}a{30}'],
    ['((a{2,3}))+'],
    ['(a{1,3}){1,3}'],
    ['a{1,3}{1,9}'],
    ['(?=(x+x+)+y)'],
    [`${'a?'.repeat(30)}${'a'.repeat(30)}`],
    [`${'(a|a)'.repeat(30)}b`],
    ['a*a*a*a*a*b'],
    ['(a)\\1+'],
    ['(?<n>a)\\k<n>'],
    ['(?R)'],
    ['(a'],
    ['a)'],
    ['[a'],
    ['[]](a+)+$[]]'],
    ['\\p{L'],
    ['('.repeat(40) + ')'.repeat(40)],
    ['['.repeat(40) + ']'.repeat(40)],
  ])('%s', (pattern) => {
    expect(() => checkPattern(pattern)).toThrow(refused);
  });
});

test('a pattern of 5,000 characters is refused', () => {
  expect(() => checkPattern('a'.repeat(5000))).toThrow(refused);
});

test('an escaped or listed bracket opens no group', () => {
  expect(() => checkPattern('\\(a+\\)+[(]|[)]+')).not.toThrow();
});
