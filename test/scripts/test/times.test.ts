import { expect, test } from 'vitest';
import { fileRows, projectRows, timesOf } from '../../../scripts/test/times.mjs';

const none = { imports: 0, launching: 0, compiling: 0, idle: 0 };
const files = [
  { ...none, project: 'gpu', file: 'test/a.gpu.test.ts', total: 1500, compiling: 1000 },
  { ...none, project: 'node', file: 'test/b.test.ts', total: 40 },
  { ...none, project: 'gpu', file: 'test/c.gpu.test.ts', total: 2500, compiling: 250 },
];

test('each project has a row with its files and seconds', () => {
  expect(projectRows(files)).toEqual([
    ['gpu', '2', '4.0', '', '', '1.3', ''],
    ['node', '1', '', '', '', '', ''],
  ]);
});

test('the slowest files come first', () => {
  expect(fileRows(files, 2).map(([file, project, total]) => [file, project, total])).toEqual([
    ['c.gpu.test.ts', 'gpu', '2.5'],
    ['a.gpu.test.ts', 'gpu', '1.5'],
  ]);
});

test('times stand beside the report of their ring', () => {
  expect(timesOf('out/tests/test.json')).toBe('out/tests/test.times.json');
});
