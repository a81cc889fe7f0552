import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BREAKS } from '../../../scripts/test/breaks.mjs';

// The script checks that the text of a break exists. A check here would find each break before the tests that should.
test('there are at least ten breaks, with different names, in existing files', () => {
  expect(new Set(BREAKS.map(({ name }) => name)).size).toBe(BREAKS.length);
  expect(BREAKS.length).toBeGreaterThanOrEqual(10);
  expect(BREAKS.filter(({ file }) => !existsSync(file))).toEqual([]);
  for (const { from, to } of BREAKS) expect(to).not.toBe(from);
});
