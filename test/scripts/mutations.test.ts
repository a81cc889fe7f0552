import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BREAKS } from '../../scripts/lib/mutations.mjs';

test.each(BREAKS)('$name can be made: its text stands once in $file', ({ file, from, to }) => {
  expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});

test('there are ten and more, each of a name of its own', () => {
  expect(new Set(BREAKS.map(({ name }) => name)).size).toBe(BREAKS.length);
  expect(BREAKS.length).toBeGreaterThanOrEqual(10);
});
