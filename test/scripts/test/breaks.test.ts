import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BREAKS } from '../../../scripts/test/breaks.mjs';

// A break is a defect that `npm run test:mutations` puts into the code, to see whether the tests find it. That command also checks that
// the text which a break replaces exists. If this test checked it, it would fail for every break, even if no other test finds the break.
test('there are at least ten breaks, with different names, in existing files', () => {
  expect(new Set(BREAKS.map(({ name }) => name)).size).toBe(BREAKS.length);
  expect(BREAKS.length).toBeGreaterThanOrEqual(10);
  expect(BREAKS.filter(({ file }) => !existsSync(file))).toEqual([]);
  for (const { from, to } of BREAKS) expect(to).not.toBe(from);
});
