import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fewOfEach, shuffled } from '../../../scripts/results/adapted.mjs';
import { markdown, spread, withTable } from '../../../scripts/results/report.mjs';

const template = readFileSync(new URL('../../../scripts/results/template.md', import.meta.url), 'utf8');

test('a table takes its own place, again and again, and leaves the others', () => {
  const lines = markdown({ columns: ['r', 'accuracy'], rows: [['16', '80.0 ± 1.0']] });
  expect(lines).toEqual(['| r | accuracy |', '| --- | ---: |', '| 16 | 80.0 ± 1.0 |']);
  const once = withTable(template, 'texts', lines);
  expect(once).toContain('<!-- texts -->\n\n| r | accuracy |');
  expect(withTable(withTable(once, 'texts', ['old']), 'texts', lines)).toBe(once);
  const both = withTable(once, 'images', ['another']);
  expect(both).toContain('| 16 | 80.0 ± 1.0 |');
  expect(both).toContain('another');
  for (const name of ['language', 'texts', 'images']) expect(template).toContain(`<!-- ${name} -->`);
  expect(() => withTable(template, 'other', [])).toThrow('RESULTS.md has no place for other');
});

test('means come with the standard deviation of a sample', () => {
  expect(spread([1, 2, 3], 1)).toBe('2.0 ± 1.0');
  expect(spread([81.25], 1)).toBe('81.3 ± 0.0');
});

test('a few examples of each class, the same ones for the same seed', () => {
  const examples = Array.from({ length: 30 }, (_, index) => ({ label: 'abc'[index % 3]!, index }));
  const few = fewOfEach(examples, 4, 1);
  expect(few.map(({ label }) => label)).toEqual([...'aaaabbbbcccc']);
  expect(fewOfEach(examples, 4, 1)).toEqual(few);
  expect(fewOfEach(examples, 4, 2)).not.toEqual(few);
  expect(shuffled(examples, 3).toSorted((a, b) => a.index - b.index)).toEqual(examples);
});
