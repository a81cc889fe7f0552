import { expect, test } from 'vitest';
import { distinct, splitByHash } from '../../../scripts/results/data/split.mjs';

const texts = (count: number, label: string) =>
  Array.from({ length: count }, (_, i) => ({ key: `${label} ${i}`, text: `${label} number ${i}`, label }));

test('of texts with the same words the first stays, and none if they have two labels', () => {
  const examples = [
    { key: '1', text: 'Free money!', label: 'spam' },
    { key: '2', text: 'free  MONEY', label: 'spam' },
    { key: '3', text: 'Hello', label: 'ham' },
    { key: '4', text: 'hello.', label: 'spam' },
    { key: '5', text: 'hello?', label: 'ham' },
  ];
  expect(distinct(examples).map(({ key }) => key)).toEqual(['1']);
});

test('both sides have the given number of each label, and no common text', () => {
  const { train, test } = splitByHash([...texts(100, 'a'), ...texts(200, 'b')], { train: 20, test: 10 });
  for (const [side, count] of [[train, 20] as const, [test, 10] as const]) {
    expect(side).toHaveLength(2 * count);
    expect(side.filter(({ label }) => label === 'a')).toHaveLength(count);
  }
  expect(new Set([...train, ...test].map(({ text }) => text)).size).toBe(60);
});

test('the side and the order of a text don’t depend on other texts', () => {
  const some = splitByHash(texts(100, 'a'), { train: 100, test: 100 });
  const more = splitByHash([...texts(50, 'b'), ...texts(100, 'a').reverse()], { train: 100, test: 100 });
  expect(more.train.filter(({ label }) => label === 'a')).toEqual(some.train);
  expect(more.test.filter(({ label }) => label === 'a')).toEqual(some.test);
  expect(some.test.length).toBeGreaterThan(10);
  expect(some.test.length).toBeLessThan(40);
});
