import { describe, expect, test } from 'vitest';
import { Mt19937 } from '../../../src/core/numbers/mt19937';

function outputs(seed: number | bigint, count: number): number[] {
  const out = new Uint32Array(count);
  new Mt19937(seed).fill(out);
  return [...out];
}

describe('Mt19937', () => {
  // These are the outputs of torch's CPU generator.
  test.each([
    [0, [2357136044, 2546248239, 3071714933, 3626093760, 2588848963]],
    [1, [1791095845, 4282876139]],
    [42, [1608637542, 3421126067]],
    [255, [1992592179, 1460470953]],
    [2 ** 31, [652847386, 1439962116]],
    [2 ** 32 - 1, [419326371, 479346978]],
  ])('starts as torch does for seed %d', (seed, expected) => {
    expect(outputs(seed, expected.length)).toEqual(expected);
  });

  test('keeps on after its state was twisted', () => {
    const row = outputs(0, 1249);
    expect([623, 624, 1247, 1248].map((index) => row[index])).toEqual([3791854820, 341544762, 1145454359, 4192857288]);
  });

  test('gives its ten-thousandth output for the default seed as the C++ standard states it', () => {
    expect(outputs(5489, 10000).at(-1)).toBe(4123659995);
  });

  test('gives the same row in pieces of any size', () => {
    const generator = new Mt19937(7);
    const pieces = [1, 623, 1, 700, 75].flatMap((size) => {
      const out = new Uint32Array(size);
      generator.fill(out);
      return [...out];
    });
    expect(pieces).toEqual(outputs(7, 1400));
  });

  test.each<[number | bigint, number | bigint]>([
    [2 ** 32, 0],
    [2 ** 40 + 5, 5],
    [-1, 2 ** 32 - 1],
    [-2, 2 ** 32 - 2],
    [-(2 ** 31), 2 ** 31],
    [2n ** 63n - 1n, 2 ** 32 - 1],
    [-(2n ** 63n), 0],
    [42n, 42],
  ])('keeps the low 32 bits of %s', (seed, same) => {
    expect(outputs(seed, 8)).toEqual(outputs(same, 8));
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d as a seed', (seed) => {
    expect(() => new Mt19937(seed)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});
