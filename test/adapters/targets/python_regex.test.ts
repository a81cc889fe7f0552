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
  const regex = fullMatch(pattern, 'target_modules');
  const isMatch = (text: string) => regex.matchStart(text, budget()) !== undefined;
  expect(matches.filter((text) => !isMatch(text))).toEqual([]);
  expect(others.filter((text) => isMatch(text))).toEqual([]);
});

test('matchStart matches if the start of a text matches, whatever follows', () => {
  const regex = matchStart('ab{,2}c', 'modules_to_save');
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
    expect(() => fullMatch(pattern, 'target_modules')).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: `target_modules: expected a regular expression, got ${JSON.stringify(pattern)}`,
      }),
    );
  });
});
