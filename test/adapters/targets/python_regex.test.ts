import { describe, expect, test } from 'vitest';
import { fullMatch, matchStart } from '../../../src/adapters/targets/python_regex';
import { StepBudget } from '../../../src/regex/step_budget';

const budget = () => new StepBudget(10_000, 'too much', 'less');

// The expected matches are those of Python's re.fullmatch.
test.each<[pattern: string, matches: readonly string[], others: readonly string[]]>([
  ['ab{,2}', ['a', 'ab', 'abb'], ['abbb', 'ab{,2}']],
  ['ab{,2}?', ['a', 'abb'], ['abbb']],
  ['ab{,}c', ['ac', 'abbbbc'], ['ab{,}c']],
  ['ab{2,}', ['abb', 'abbb'], ['ab']],
  ['ab{1,2}', ['ab', 'abb'], ['a']],
  [String.raw`ab\{,2}`, ['ab{,2}'], ['ab']],
  ['[{,2}]+', ['{,2}', '2'], ['0', '']],
  ['[]x]+', [']x]'], ['[', '']],
  ['[^]x]+', ['ab'], [']', 'x']],
  [String.raw`[\]{,1}]+`, [']{,1}'], ['0']],
  [String.raw`[\d.]+`, ['1.2'], ['x']],
  ['(?P<n>a|b)-(?P=n)', ['a-a', 'b-b'], ['a-b']],
  [String.raw`\Aq_proj\Z`, ['q_proj'], ['xq_proj']],
  [String.raw`.*\.layers\.[01]\..*(q|v)_proj`, ['model.layers.1.attn.v_proj'], ['model.layers.2.attn.v_proj']],
])('%s', (pattern, matches, others) => {
  const regex = fullMatch(pattern, 'target_modules', budget());
  const isMatch = (text: string) => regex.matchStart(text, budget()) !== undefined;
  expect(matches.filter((text) => !isMatch(text))).toEqual([]);
  expect(others.filter((text) => isMatch(text))).toEqual([]);
});

test('matchStart matches if the start of a text matches, whatever follows', () => {
  const regex = matchStart('ab{,2}c', 'modules_to_save', budget());
  expect(regex.matchStart('acx', budget())).toMatchObject({ start: 0, end: 2 });
  expect(regex.matchStart('xac', budget())).toBeUndefined();
});

describe('refuses patterns that are invalid in Python or in JavaScript', () => {
  test.each([
    '(',
    '[',
    '[]',
    '[^]',
    '[]a',
    '{,2}',
    'a**',
    '(?P<a',
    '(?i)a',
    'a++',
    'a{1,2}+',
    String.raw`\N{BULLET}`,
    String.raw`[\Z]`,
    '(?#note)',
  ])('%s', (pattern) => {
    expect(() => fullMatch(pattern, 'target_modules', budget())).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: `target_modules: expected a regular expression, got ${JSON.stringify(pattern)}`,
      }),
    );
  });
});

describe('a pattern of up to 16,384 characters', () => {
  const names = Array.from({ length: 430 }, (_, i) => `model.layers.${i}.self_attn.q_proj`);

  test.each([
    ['lists a model’s modules', names.map((name) => name.replaceAll('.', '\\.')).join('|')],
    ['has as many alternatives as fit', `${names.slice(0, 200).join('|')}|`.padEnd(16_384, 'a|')],
    ['has as many repeats as fit', `model(?:${'x?y*z+'.repeat(2700)}.*)+`],
  ])('%s', (_, pattern) => {
    expect(pattern.length).toBeGreaterThan(15_000);
    const enough = new StepBudget(8_000_000, 'too much', 'less');
    const regex = fullMatch(pattern, 'target_modules', enough);
    expect(names.slice(0, 200).filter((name) => regex.matchStart(name, enough) === undefined)).toEqual(
      pattern.startsWith('model(') ? names.slice(0, 200) : [],
    );
  });

  test.each(['(a{1000}){1000}', '(?:(?:q{99}_){99}proj){99}'])(
    'is refused as %s, which repeats too much',
    (pattern) => {
      expect(() => fullMatch(pattern, 'target_modules', budget())).toThrow(
        expect.objectContaining({
          code: 'limit_exceeded',
          message: `target_modules: expected a pattern of fewer repeats, got ${JSON.stringify(pattern)}`,
          hint: 'A list of names may be as long as it needs to be.',
        }),
      );
    },
  );
});
