import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BREAKS } from '../../../scripts/test/breaks.mjs';

// That its text stands there, the script itself sees to: here it would find each break before the tests that are to.
test('there are ten breaks and more, each of a name of its own, in files that are there', () => {
  expect(new Set(BREAKS.map(({ name }) => name)).size).toBe(BREAKS.length);
  expect(BREAKS.length).toBeGreaterThanOrEqual(10);
  expect(BREAKS.filter(({ file }) => !existsSync(file))).toEqual([]);
  for (const { from, to } of BREAKS) expect(to).not.toBe(from);
});
