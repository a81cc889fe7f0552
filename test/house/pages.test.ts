import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { pathFrom, sources, textOf } from './lib/files';
import { type Import, importsOf } from './lib/imports';

const reachesInside = (one: Import): boolean => {
  const path = pathFrom(dirname(one.file), one.target);
  return one.target.startsWith('.') && /^(src|shaders)\//.test(path) && !/^src\/(index(\.ts)?$|parts\/)/.test(path);
};

/** The entry points of the package that other code may import. */
const { exports } = JSON.parse(textOf('package.json')) as { exports: object };
const entries = Object.keys(exports).map((name) => name.replace(/^\./, 'webvera'));
const isNoEntry = ({ target }: Import): boolean => /^webvera\b/.test(target) && !entries.includes(target);

test('no HTML and no code is made from strings', () => {
  const html = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTMLUnsafe', 'parseFromString', 'document\\.write'];
  const sinks = new RegExp(`\\b(?:${html.join('|')}|srcdoc|createContextualFragment)\\b|\\beval\\(|\\bFunction\\(`);
  const files = [...sources('src'), ...sources('demo')];
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => sinks.test(textOf(file)))).toEqual([]);
  expect(sinks.test('element.innerHTML = text;')).toBe(true);
});

test('the demo uses the public names, and the parts that it shares with the tag', () => {
  const imports = sources('demo').flatMap((file) => importsOf(file, textOf(file)));
  const used = new Set(imports.map(({ target }) => target).filter((target) => target.startsWith('webvera')));
  expect([...used].sort()).toEqual(['webvera', 'webvera/bench']);
  expect(imports.filter(reachesInside)).toEqual([]);
  expect(imports.filter(isNoEntry)).toEqual([]);
  expect(importsOf('demo/a.ts', "import { b } from '../src/page/b';").filter(reachesInside)).toHaveLength(1);
  expect(importsOf('demo/a.ts', "import { b } from 'webvera/page/b';").filter(isNoEntry)).toHaveLength(1);
});
