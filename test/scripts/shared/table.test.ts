import { expect, test } from 'vitest';
import { markdownTable } from '../../../scripts/shared/table.mjs';

test('columns of a Markdown table are aligned to the left, or only the first ones', () => {
  expect(markdownTable(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  expect(markdownTable(['a', 'b', 'c'], [], 2)).toBe('| a | b | c |\n| --- | --- | ---: |');
});
