import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rowsOf, spread, withTable } from '../../../scripts/results/report.mjs';
import { fewOfEach, shuffled } from '../../../scripts/results/tables/adapted.mjs';

const template = readFileSync(new URL('../../../scripts/results/template.md', import.meta.url), 'utf8');

const TABLE = { keys: 1, columns: ['r', 'accuracy'], rows: [['16', '80.0 ± 1.0']] };

test('a table replaces its own place each time, and leaves other tables', () => {
  const once = withTable(template, 'texts', 'Of texts.', TABLE);
  expect(once).toContain('<!-- texts -->\n\nOf texts.\n\n| r | accuracy |\n| --- | ---: |\n| 16 | 80.0 ± 1.0 |\n\n');
  expect(withTable(withTable(once, 'texts', 'Old.', TABLE), 'texts', 'Of texts.', TABLE)).toBe(once);
  const both = withTable(once, 'images', 'Of images.', { keys: 1, columns: ['another'], rows: [] });
  expect(both).toContain('| 16 | 80.0 ± 1.0 |');
  expect(both).toContain('| another |');
  for (const name of ['language', 'texts', 'images']) expect(template).toContain(`<!-- ${name} -->`);
  expect(() => withTable(template, 'other', '', TABLE)).toThrow('RESULTS.md has no place for other');
});

test('rows are read back if the heading is the same', () => {
  const file = withTable(template, 'texts', 'Of texts.\n\nHere.', { ...TABLE, rows: [...TABLE.rows, ['64', '–']] });
  expect(rowsOf(file, 'texts', 'Of texts.\n\nHere.')).toEqual([
    ['16', '80.0 ± 1.0'],
    ['64', '–'],
  ]);
  expect(rowsOf(file, 'texts', 'Of texts.\n\nThere.')).toEqual([]);
  expect(rowsOf(file, 'images', 'Of texts.\n\nHere.')).toEqual([]);
});

test('means have the sample standard deviation', () => {
  expect(spread([1, 2, 3], 1)).toBe('2.0 ± 1.0');
  expect(spread([81.25], 1)).toBe('81.3');
});

test('a few examples of each class are the same for the same seed', () => {
  const examples = Array.from({ length: 30 }, (_, index) => ({ label: 'abc'[index % 3]!, index }));
  const few = fewOfEach(examples, 4, 1);
  expect(few.map(({ label }) => label)).toEqual([...'aaaabbbbcccc']);
  expect(fewOfEach(examples, 4, 1)).toEqual(few);
  expect(fewOfEach(examples, 4, 2)).not.toEqual(few);
  expect(shuffled(examples, 3).toSorted((a, b) => a.index - b.index)).toEqual(examples);
});
