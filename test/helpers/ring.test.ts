import { expect, test } from 'vitest';
import { coveringOfRing, ofAll, ofRing, quickOf } from './ring';

// Only `npm test` runs this file, so the current ring (set of tests) is `test`.
test('npm test has the cases that are chosen, whether or not they are quick', () => {
  const isEven = (one: number): boolean => one % 2 === 0;
  expect(ofRing([1, 2, 3, 4], { test: isEven, quick: () => false })).toEqual([2, 4]);
  expect(ofRing([1, 2], {})).toEqual([1, 2]);
  expect(ofRing([1, 2, 3], { soak: isEven })).toEqual([1, 3]);
  expect(ofAll([1, 2, 3], isEven)).toEqual([]);
  expect(quickOf([1, 2], isEven)).toEqual([1, 2]);
  expect(coveringOfRing([1, 2, 3, 4], (one) => [String(isEven(one))])).toEqual([1, 2]);
  expect(coveringOfRing([1, 2, 3, 4], (one) => [String(isEven(one))], { test: (one) => one > 1 })).toEqual([2, 3]);
});
