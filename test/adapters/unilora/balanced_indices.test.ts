import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { balancedIndices } from '../../../src/adapters/unilora/indices/balanced_indices';

/** Results of `UniLoraModel.generate_index(count, length, seed)` in PEFT 0.21.2 with numpy 2.4.6: the first five indices, and a hash of all. */
test.each([
  [1, 1, 0, [0], 'df3f619804a92fdb'],
  [10, 4, 42, [0, 3, 3, 3, 0], 'd07323ad7471b7fe'],
  [1000, 256, 42, [125, 66, 161, 165, 231], '9e6cbc8b5aae91cd'],
  [5000, 256, 7, [1, 205, 14, 158, 183], '4c3608167d35b235'],
  [100, 256, 3, [158, 148, 236, 152, 186], 'ae00a9de0c2a1a0e'],
  [300000, 12544, 42, [4659, 3454, 9978, 10636, 175], 'e653ec7eaad9f6e1'],
  [30000, 20001, 9, [19733, 1504, 19214, 9691, 18396], '644f646bea2f9bac'],
  [20101, 20001, 9, [187, 8973, 2891, 11312, 7162], '100a1b6ae6f432e1'],
  [20401, 20000, 1, [7128, 14042, 15066, 18170, 4775], 'e89486eb3bd34452'],
  [70000, 65537, 9007199254740991, [8891, 43619, 10466, 36688, 21751], 'df56d730517595c4'],
] as const)('%i entries of %i numbers, seed %i', (count, length, seed, first, hash) => {
  const indices = balancedIndices(count, length, seed);
  expect([...indices.slice(0, 5)]).toEqual(first);
  expect(createHash('sha256').update(indices).digest('hex').slice(0, 16)).toBe(hash);
});
