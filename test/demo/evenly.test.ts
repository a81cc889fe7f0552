import { expect, test } from 'vitest';
import { evenly, evenlyOfBoth } from '../../demo/src/library/evenly';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('a part of a list is spread over it', () => {
  expect(evenly(numbers(9), 3)).toEqual([2, 5, 8]);
  expect(evenly(numbers(3), 9)).toEqual([0, 1, 2]);
  expect(evenly(numbers(3), -1)).toEqual([]);
});

test('two lists share the room', () => {
  const lengths = (first: number, second: number, most: number): number[] =>
    evenlyOfBoth(numbers(first), numbers(second), most).map((part) => part.length);
  expect(lengths(800, 800, 1000)).toEqual([500, 500]);
  expect(lengths(800, 800, 2000)).toEqual([800, 800]);
  expect(lengths(3, 1000, 100)).toEqual([0, 100]);
  expect(lengths(1000, 0, 10)).toEqual([10, 0]);
  expect(lengths(0, 0, 10)).toEqual([0, 0]);
  expect(lengths(5, 5, 0)).toEqual([0, 0]);
});
