import { expect, test } from 'vitest';
import { covering, pairsOf } from './covering';

const product = (...sets: readonly (readonly string[])[]): string[][] =>
  sets.reduce<string[][]>((all, set) => all.flatMap((one) => set.map((option) => [...one, option])), [[]]);

test('a small choice of a product has each pair of its options', () => {
  const items = product(['a1', 'a2', 'a3', 'a4'], ['b1', 'b2', 'b3'], ['c1', 'c2', 'c3'], ['d1', 'd2']);
  const chosen = [...covering(items, pairsOf)];
  const options = [...new Set(items.flat())];
  for (const one of options) {
    for (const other of options.filter((each) => each[0] !== one[0])) {
      expect(chosen.some((item) => item.includes(one) && item.includes(other))).toBe(true);
    }
  }
  // The two largest sets form 12 pairs of options, and each item covers only one of these pairs.
  expect(chosen.length).toBeGreaterThanOrEqual(12);
  expect(chosen.length).toBeLessThan(items.length / 3);
});

test('items with a single option count, and items that add nothing are left out', () => {
  const items = [['x'], ['x', 'y'], ['x', 'y', 'y'], ['z']];
  expect([...covering(items, pairsOf)]).toEqual([items[1], items[3]]);
  expect([...covering(items, (item) => item)]).toEqual([items[1], items[3]]);
  expect(covering<string>([], (item) => [item]).size).toBe(0);
});
