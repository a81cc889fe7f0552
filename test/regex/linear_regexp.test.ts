import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LinearRegExp } from '../../src/regex/linear_regexp';
import { StepBudget } from '../../src/regex/step_budget';
import { cpuTime } from '../helpers/cpu_time';

const budget = (steps = 100_000_000) => new StepBudget(steps, 'too much', 'less');
const found = (source: string, text: string, unicode = true) =>
  [...new LinearRegExp(source, { unicode }).matchAll(text, budget())].map((match) => [
    match.start,
    ...Array.from({ length: match.groups + 1 }, (_, index) => match.group(index)),
  ]);
const expected = (source: string, text: string, flags = 'gu') =>
  [...text.matchAll(new RegExp(source, flags))].map((match) => [match.index, ...match]);

describe('finds what RegExp finds', () => {
  const text = "It's 12 o'clock…  the 東京 harbour,\n\n  aab 🙂🙂 ababab x_9\t9_x don't\r\nEND";
  test.each([
    ["'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"],
    ['\\s*[\\r\\n]+|\\s+$|\\s'],
    ['(?<=\\p{L})(?=\\s)|(?<!\\S)\\d{1,3}(?=(?:\\d{3})*(?![\\p{L}\\d]))'],
    ['(a|ab)(c|bcd)?(b*)'],
    ['(?:ab){2,3}?'],
    ['(a*)*b|(?:a|b*)*'],
    ['(?=(a+))a*b'],
    ['[^]'],
    ['^.|.$'],
    ['\\u{1F642}+|\\p{Script=Han}{2}'],
    ['()'],
    ['(?<letter>\\p{L})\\k<letter>|(\\d)\\2?'],
    ['( ?)(?=(a|b|\\p{Lu}))\\2\\1'],
  ])('%s', (source) => {
    const groupless = source.includes('(?=(');
    const [ours, theirs] = [found(source, text), expected(source, text)];
    if (groupless) expect(ours.map(([at, all]) => [at, all])).toEqual(theirs.map(([at, all]) => [at, all]));
    else expect(ours).toEqual(theirs);
  });

  test('nothing, however often it is repeated', () => {
    // A naive matcher would do a thousand times the work for each of the nested repeats.
    const source = `a${'(?:'.repeat(8)}${'){1000}'.repeat(8)}b`;
    expect(found(source, 'ab')).toEqual([[0, 'ab']]);
  });

  test('without the flag u, by units', () => {
    expect(found('.', '🙂a', false)).toEqual(expected('.', '🙂a', 'g'));
    expect(found('\\_\\-{x}]', '_-{x}]', false)).toEqual(expected('\\_\\-{x}]', '_-{x}]', 'g'));
  });
});

/** A pattern, and the least number of characters that a match has. */
interface Sized {
  readonly source: string;
  readonly least: number;
}
const sized = (least: number) => (source: string) => ({ source, least });
const REPEATS: readonly Sized[] = [
  ...['', '', '+', '{1,2}', '+?'].map(sized(1)),
  ...['*', '?', '*?'].map(sized(0)),
  ...['{2}'].map(sized(2)),
];

/**
 * Generates patterns with few letters, so that they match often, and often in several ways. Parts that can match nothing
 * aren't repeated, because JavaScript, unlike LinearRegExp, treats an optional empty match as absent.
 */
const { pattern } = fc.letrec<{ pattern: Sized; atom: Sized; item: Sized }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('a', 'b', '[ab]', '[^a]', '.', '\\p{L}', ' ', '\\s', '🙂').map(sized(1)),
    fc.constantFrom('\\b', '$', '(?<=a)', '(?<!b)', '(?<=🙂)', '(?<=a|b)').map(sized(0)),
    tie('pattern').map(({ source, least }) => ({ source: `(?:${source})`, least })),
    tie('pattern').map(({ source }) => ({ source: `(?=${source})`, least: 0 })),
    tie('pattern').map(({ source }) => ({ source: `(?!${source})`, least: 0 })),
  ),
  item: fc
    .tuple(tie('atom'), fc.constantFrom(...REPEATS))
    .map(([atom, repeat]) =>
      atom.least === 0 ? atom : { source: atom.source + repeat.source, least: atom.least * repeat.least },
    ),
  pattern: fc
    .array(fc.array(tie('item'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
    .map((branches) => ({
      source: branches.map((items) => items.map(({ source }) => source).join('')).join('|'),
      least: Math.min(...branches.map((items) => items.reduce((sum, { least }) => sum + least, 0))),
    })),
}));
const letters = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '🙂', '\n'), maxLength: 12 });

test('finds what RegExp finds, whatever the pattern', () => {
  fc.assert(
    fc.property(pattern, letters, ({ source }, text) => {
      // Contrary to the standard, V8 also matches within a surrogate pair.
      const between = expected(source, text).filter(([at]) => !/^[\udc00-\udfff]/.test(text.slice(at as number)));
      expect(found(source, text).map(([at, match]) => [at, match])).toEqual(between);
    }),
    { numRuns: 300 },
  );
});

describe('takes time in proportion to the text, and at most a second for 100,000 characters', () => {
  const long = 100_000;
  test.each([
    ['(a+)+$', 'a', 'b'],
    ['(a|a)*$', 'a', 'b'],
    ['(?:a|ab)+c', 'ab', ''],
    ['[^~]*[^~]*~', 'some prose ', ''],
    ['[^~]*[^~]*[^~]*~', 'some prose ', ''],
    ['([^~]+)+~', 'some prose ', ''],
    ['(?=(?:x+x+)+y)', 'x', ''],
    [`${'a?'.repeat(15)}${'a'.repeat(15)}b`, 'a', ''],
    ['\\d{1,3}(?=(?:\\d{3})*\\b)', '1', 'x'],
    ['a(?:[^]*z)?', 'a', ''],
    ['(?=[^]*a)a', 'a', ''],
    ['(?:(?:a*)*)*b', 'a', ''],
  ])('%s', (source, unit, end) => {
    const text = unit.repeat(long / unit.length) + end;
    const start = cpuTime();
    const steps = budget(200 * long);
    for (const _ of new LinearRegExp(source).matchAll(text, steps));
    expect(cpuTime() - start).toBeLessThan(1000);
  });
});

describe('ends', () => {
  const outOfSteps = expect.objectContaining({ code: 'limit_exceeded' });

  test('patterns with references after so many steps', () => {
    const start = cpuTime();
    const search = () => [...new LinearRegExp('(a*)*\\1b').matchAll('a'.repeat(2000), budget(3_000_000))];
    expect(search).toThrow(outOfSteps);
    expect(cpuTime() - start).toBeLessThan(1000);
  });

  test.each([
    ['deep groups', '('.repeat(100_000)],
    ['open classes', '['.repeat(100_000)],
    ['many steps', '(?:(?:a{1000}){1000}){1000}'],
    ['a look behind of any length', '(?<=a*)b'],
    ['flags for a part', '(?i:a)'],
    ['a high count', 'a{5000}'],
  ])('%s, which it refuses', (_, source) => {
    const start = cpuTime();
    expect(() => new LinearRegExp(source)).toThrow(SyntaxError);
    expect(cpuTime() - start).toBeLessThan(100);
  });
});
