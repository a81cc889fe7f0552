import { expect, test } from 'vitest';
import { codeIn, modulesIn, textOf } from './lib/files';

const FOLDERS = ['src', 'shaders', 'bench', 'scripts', 'demo', 'docs', 'test'];

test('every system checks out lines that end with LF, and the fuzz corpus byte by byte', () => {
  const lines = textOf('.gitattributes').split('\n');
  expect(lines).toEqual(expect.arrayContaining(['* text=auto eol=lf', 'test/fuzz/corpus/** -text']));
  const files = FOLDERS.flatMap(codeIn);
  expect(files.length).toBeGreaterThan(1000);
  expect(files.filter((file) => textOf(file).includes('\r'))).toEqual([]);
});

/** A URL's path has `%20` for a space, and a slash before the drive of Windows. */
const URL_AS_PATH = /import\.meta\.url,?\s*\)\s*\.pathname/;

test('no path of a file is the path of its URL', () => {
  const files = FOLDERS.flatMap(modulesIn).filter((file) => !file.startsWith('test/house/'));
  expect(files.length).toBeGreaterThan(1000);
  expect(files.filter((file) => URL_AS_PATH.test(textOf(file)))).toEqual([]);
  expect(URL_AS_PATH.test("new URL('..', import.meta.url).pathname")).toBe(true);
  expect(URL_AS_PATH.test("fileURLToPath(new URL('..', import.meta.url))")).toBe(false);
});
