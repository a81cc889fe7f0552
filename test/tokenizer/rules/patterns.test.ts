import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { describe, expect, test } from 'vitest';
import { StepBudget } from '../../../src/regex/step_budget';
import { preTokenizerForLibrary } from '../../../src/tokenizer/rules/library_rules';
import { checkPattern, type TextPattern, TextPatterns } from '../../../src/tokenizer/rules/patterns';
import { TextStages } from '../../../src/tokenizer/rules/text_stages';
import { cpuTime } from '../../helpers/cpu_time';

/** Compiles a pattern of a tokenizer.json as the library does. */
function compiled(pattern: string): RegExp {
  const split = new SplitPreTokenizer({
    type: 'Split',
    pattern: { Regex: pattern },
    behavior: 'Isolated',
    invert: false,
  });
  if (split.pattern === null) throw new Error('the library has no pattern');
  return split.pattern;
}

function found(pattern: TextPattern, text: string): string[] {
  const budget = new StepBudget(10_000_000, 'too much', 'less');
  return [...pattern.matchAll(text, budget)].map(({ start, end }) => text.slice(start, end));
}

const text = "It's 1,234,567 o'clock…  the 東京 Harbour,\n\n  HTTPServer aab 🙂🙂 x_9\t\n9_x DON'T\r\n \r\n  END  ";

/** A pattern with 32 equal alternatives. */
const OR_DOTS = Array(32).fill('.').join('|');
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const LLAMA3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const QWEN3 = LLAMA3.replace('\\p{N}{1,3}', '\\p{N}');
const O200K =
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

describe("patterns of published tokenizers are run by JavaScript's own engine", () => {
  test.each([
    ['GPT-2', GPT2],
    ['Llama 3', LLAMA3],
    ['Qwen 2 and 3', QWEN3],
    ['GPT-4o, Llama 4', O200K],
    ['runs of digits', '\\p{N}{1,3}'],
    ['CJK', '[一-龥぀-ゟ゠-ヿ]+'],
    ['white space', '\\s+'],
    ['BLOOM', ' ?[^(\\s|[.,!?…。，、।۔،])]+'],
  ])('%s, for which 100,000 characters of what is worst take less than a second', (_, pattern) => {
    const native = new TextPatterns().of(compiled(pattern));
    expect(native.isNative).toBe(true);
    expect(found(native, text)).toEqual(text.match(compiled(pattern)));
    for (const unit of [' ', '\n', ' \n', 'A', 'a', '漢A', '1', '.', "'", 'Aa', ' a', '\u0301']) {
      const start = cpuTime();
      for (const end of ['', 'x', '\n', '~']) found(native, unit.repeat(100_000 / unit.length) + end);
      expect(cpuTime() - start).toBeLessThan(1000);
    }
  });
});

describe('other patterns find the same, in time linear in the text', () => {
  test.each([
    ['\\d{1,3}(?=(?:\\d{3})*\\b)'],
    ['[\\p{Lu}&&[^\\p{Han}]]*[一-龥]+|\\p{L}'],
    ['(?i:the|it)\\b|^\\s*|\\s*$|\\w+?_'],
    ['(a|a)*b|(?<=\\s)\\S+(?=\\s)'],
    [
      '[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s',
    ],
  ])('%s', (pattern) => {
    const linear = new TextPatterns().of(compiled(pattern));
    expect(linear.isNative).toBe(false);
    // Empty matches are ignored, because V8 also finds them within a surrogate pair.
    const isText = (match: string) => match !== '';
    expect(found(linear, text).filter(isText)).toEqual(text.match(compiled(pattern))?.filter(isText));
  });

  test.each([
    ['(a+)+$'],
    ['(?:a|ab)+c'],
    ['[^~]*[^~]*~'],
    ['[^~]*[^~]*[^~]*~'],
    ['([^~]+)\\G+~'],
    ['(?=(x+x+)+y)'],
    ['\\s*[\\r\\n]+|x'],
    ['\\s*[\\r\\n]+|\\s|\\s+(?!\\S)'],
    ['\\s+\\b'],
    [' ?\\p{L}+x'],
    ['a{0,8}a{0,8}a{0,8}a{0,8}a{0,8}a{0,8}b'],
    [`(?:${OR_DOTS})(?:${OR_DOTS}).......x`],
    [`(?:${OR_DOTS})${'.'.repeat(100)}x`],
    // The engine would compile these for too long.
    ['\\p{L}\\P{L}\\p{L}\\P{L}'],
    ['(?:\\p{L}\\P{L})?\\p{N}+\\P{N}*'],
  ])("%s isn't left to JavaScript", (pattern) => {
    expect(new TextPatterns().of(compiled(pattern)).isNative).toBe(false);
  });
});

test("a long pattern of characters isn't left to JavaScript, which would compile it for long", () => {
  expect(new TextPatterns().of(compiled('[^ab]'.repeat(400))).isNative).toBe(true);
  expect(new TextPatterns().of(compiled('[^ab]'.repeat(401))).isNative).toBe(false);
});

test('many patterns of a tokenizer are not all left to JavaScript, and find the same', () => {
  const patterns = new TextPatterns();
  const all = Array.from({ length: 20 }, (_, i) => compiled(`${O200K}|${i}`));
  const prepared = all.map((pattern) => patterns.of(pattern));
  expect(prepared.map(({ isNative }) => isNative)).toEqual([...Array(3).fill(true), ...Array(17).fill(false)]);
  for (const pattern of prepared) expect(found(pattern, text)).toEqual(text.match(compiled(O200K)));
  expect(all.map((pattern) => patterns.of(pattern))).toEqual(prepared);
});

test('patterns of a tokenizer together have at most 32,768 characters and 512 properties', () => {
  const tooLarge = expect.objectContaining({ code: 'limit_exceeded' });
  const check = (pattern: string, times: number) => {
    const all = { length: 0, properties: 0 };
    for (let i = 0; i < times; i++) checkPattern(pattern, all);
  };
  for (const [pattern, most] of [
    ['a'.repeat(4096), 8],
    ['[\\\\w\\w\\W]', 128],
    ['\\p{L}\\P{N}\\s\\d\\S\\D', 85],
    ['\\b\\B', 42],
    ['[[:alpha:]]', 256],
    [O200K, 17],
  ] as const) {
    check(pattern, most);
    expect(() => check(pattern, most + 1)).toThrow(tooLarge);
  }
});

test.each([['(?<=a*)b'], ['(?:a{1000}){1000}'], [`${'('.repeat(100)}a${')'.repeat(100)}`]])(
  '%s is refused',
  (pattern) => {
    const refused = expect.objectContaining({ code: 'invalid_format' });
    expect(() => new TextPatterns().of(compiled(pattern))).toThrow(refused);
    expect(() => checkPattern('a'.repeat(5000), { length: 0, properties: 0 })).toThrow(refused);
  },
);

type SplitConfig = ConstructorParameters<typeof SplitPreTokenizer>[0];

/** Splits a text by a Split rule. */
function words(text: string, config: Pick<SplitConfig, 'pattern'> & Partial<SplitConfig>): string[] {
  const json = { type: 'Split', behavior: 'Isolated', ...config };
  const rule = new SplitPreTokenizer(preTokenizerForLibrary(json) as SplitConfig);
  return new TextStages(null, rule, false).preTokenize(text, true, new StepBudget(1e6, 'too much', 'less'));
}

const [SPACE, DIGIT] = [{ String: ' ' }, { Regex: '([0-9])|-' }];

// The expected words come from the Python package tokenizers 0.23.3.
test.each<[SplitConfig['behavior'], boolean, SplitConfig['pattern'], readonly string[]]>([
  ['Isolated', false, SPACE, ['ab', ' ', ' ', '12-c', ' ', '3']],
  ['Isolated', true, SPACE, ['ab', ' ', ' ', '12-c', ' ', '3']],
  ['Removed', false, SPACE, ['ab', '12-c', '3']],
  ['Removed', true, SPACE, [' ', ' ', ' ']],
  ['Contiguous', false, SPACE, ['ab', '  ', '12-c', ' ', '3']],
  ['Contiguous', true, SPACE, ['ab', '  ', '12-c', ' ', '3']],
  ['MergedWithPrevious', false, SPACE, ['ab ', ' ', '12-c ', '3']],
  ['MergedWithPrevious', true, SPACE, ['ab', ' ', ' 12-c', ' 3']],
  ['MergedWithNext', false, SPACE, ['ab', ' ', ' 12-c', ' 3']],
  ['MergedWithNext', true, SPACE, ['ab ', ' ', '12-c ', '3']],
  ['Isolated', false, DIGIT, ['ab  ', '1', '2', '-', 'c ', '3']],
  ['Isolated', true, DIGIT, ['ab  ', '1', '2', '-', 'c ', '3']],
  ['Removed', false, DIGIT, ['ab  ', 'c ']],
  ['Removed', true, DIGIT, ['1', '2', '-', '3']],
  ['Contiguous', false, DIGIT, ['ab  ', '12-', 'c ', '3']],
  ['Contiguous', true, DIGIT, ['ab  ', '12-', 'c ', '3']],
  ['MergedWithPrevious', false, DIGIT, ['ab  1', '2', '-', 'c 3']],
  ['MergedWithPrevious', true, DIGIT, ['ab  ', '1', '2', '-c ', '3']],
  ['MergedWithNext', false, DIGIT, ['ab  ', '1', '2', '-c ', '3']],
  ['MergedWithNext', true, DIGIT, ['ab  1', '2', '-', 'c 3']],
])('a split that is %s, inverted: %s, by %j is Rust’s', (behavior, invert, pattern, parts) => {
  expect(words('ab  12-c 3', { behavior, invert, pattern })).toEqual(parts);
});

test.each([
  ['\\s++$|\\s*[\\r\\n]|\\s', 'x  \n y  ', ['x', '  \n', ' ', 'y', '  ']],
  ['a?+ab|x*+x|.', 'aab xxb ab', ['aab', ' ', 'x', 'x', 'b', ' ', 'a', 'b']],
  ['\\++!|[ab+]++b|.', 'aab ++!ab', ['a', 'a', 'b', ' ', '++!', 'a', 'b']],
  ['(?i:a++)b|\\x{2e}++|.', 'AAb...', ['AAb', '...']],
])('a possessive quantifier gives nothing back: %s', (Regex, text, parts) => {
  expect(words(text, { pattern: { Regex } })).toEqual(parts);
});
