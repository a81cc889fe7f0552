import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normals, permutation, type RandomKey, randomAt, uniforms } from '../../../src/core/numbers/rng';

const key: RandomKey = { seed: 42, stream: 'init' };
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe('randomAt', () => {
  test('stays in [0, 1), and is the same whenever it is asked', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(), fc.nat(), (seed, at, index) => {
        const value = randomAt({ seed, stream: 'sample', at }, index);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(1);
        expect(randomAt({ seed, stream: 'sample', at }, index)).toBe(value);
      }),
    );
  });

  test('differs by index, seed (its upper bits too), stream and second index', () => {
    const values = [
      randomAt(key, 0),
      randomAt(key, 1),
      randomAt(key, 2),
      randomAt(key, 2 ** 33),
      randomAt({ ...key, seed: 43 }, 0),
      randomAt({ ...key, seed: 42 + 2 ** 32 }, 0),
      randomAt({ ...key, seed: -42 }, 0),
      randomAt({ ...key, stream: 'shuffle' }, 0),
      randomAt({ ...key, at: 1 }, 0),
    ];
    expect(new Set(values).size).toBe(values.length);
  });

  test('refuses a seed that is no safe integer', () => {
    expect(() => randomAt({ ...key, seed: 1.5 }, 0)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

test('uniforms fill [0, 1) evenly', () => {
  const values = uniforms(key, 20000);
  // For 20000 draws the standard errors of the mean and variance are 0.002 and 0.0006. Five standard errors are allowed.
  expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.01);
  expect(Math.abs(mean(values.map((value) => (value - 0.5) ** 2)) - 1 / 12)).toBeLessThan(0.003);
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
});

test('normals have mean 0, variance 1 and a kurtosis of 3', () => {
  const values = normals(key, 20000);
  // The standard errors are 0.007, 0.01 and 0.07. Five standard errors are allowed.
  expect(Math.abs(mean(values))).toBeLessThan(0.035);
  expect(Math.abs(mean(values.map((value) => value ** 2)) - 1)).toBeLessThan(0.05);
  expect(Math.abs(mean(values.map((value) => value ** 4)) - 3)).toBeLessThan(0.35);
});

describe('permutation', () => {
  test('holds each index once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 200 }), fc.maxSafeInteger(), fc.nat(), async (length, seed, epoch) => {
        const order = await permutation(length, seed, epoch);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, index) => index));
      }),
    );
  });

  test('is fixed by seed and epoch', async () => {
    expect(await permutation(50, 1, 2)).toEqual(await permutation(50, 1, 2));
    expect(await permutation(50, 1, 2)).not.toEqual(await permutation(50, 1, 3));
    expect(await permutation(50, 1, 2)).not.toEqual(await permutation(50, 2, 2));
    // The test fixes this order, because a run that resumes after an update of this code must get the same order.
    expect([...(await permutation(8, 42, 0))]).toEqual([1, 5, 3, 4, 0, 7, 6, 2]);
  });

  test('puts each item in each place equally often', async () => {
    const counts = new Float64Array(16);
    for (let epoch = 0; epoch < 8000; epoch++) {
      for (const [place, item] of (await permutation(4, 7, epoch)).entries()) {
        counts[4 * place + item] = (counts[4 * place + item] ?? 0) + 1;
      }
    }
    // The expected count is 2000, its standard deviation 39. Five standard deviations are allowed.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(195);
  });
});
