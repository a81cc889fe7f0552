import { expect, test } from 'vitest';
import { sources, textOf } from './lib/files';

const MOCKS = /\bvi\.(?:do)?[mM]ock\(/;

test('no test replaces a module, because test files of a process share modules', () => {
  const files = sources('test').filter((file) => !file.startsWith('test/house/'));
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => MOCKS.test(textOf(file)))).toEqual([]);
  expect(["vi.mock('a')", "vi.doMock('a')", 'vi.fn()'].map((text) => MOCKS.test(text))).toEqual([true, true, false]);
});
