import { describe, expect, test } from 'vitest';
import { largestDifference } from '../golden/golden';
import { worstDifference } from './differences';

describe('a NaN', () => {
  test.each([0, 1, 2])('at %d is the worst, whatever comes before and after', (at) => {
    const values = [5, 6, 7].map((value, index) => (index === at ? Number.NaN : value));
    expect(worstDifference(values, [0, 0, 0])).toEqual({ difference: Number.NaN, at });
    expect(worstDifference([0, 0, 0], values)).toEqual({ difference: Number.NaN, at });
    expect(largestDifference(values, [0, 0, 0])).toBeNaN();
    expect(() => expect(largestDifference(values, [5, 6, 7])).toBeLessThanOrEqual(1e9)).toThrow();
  });

  test('counts only where values are compared', () => {
    expect(largestDifference([Number.NaN, 1], [0, 3], (index) => index !== 0)).toBe(2);
  });
});

test('the worst of several differences, and where it is', () => {
  expect(worstDifference([1, 2, 3], [1, 7, 4])).toEqual({ difference: 5, at: 1 });
  expect(worstDifference([1, 2], [1, 2])).toEqual({ difference: 0, at: 0 });
  expect(worstDifference([1, Number.POSITIVE_INFINITY], [1, 2])).toEqual({
    difference: Number.POSITIVE_INFINITY,
    at: 1,
  });
});

test('lists of other lengths differ without bound', () => {
  expect(largestDifference([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
});
