import { expect, test } from 'vitest';
import config from '../../vitest.config';
import { filesIn, textOf } from './lib/files';

interface Project {
  readonly name: string;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
}
const projects = ((config as { test: { projects: { test: Project }[] } }).test.projects ?? []).map(
  ({ test: own }) => own,
);

/** Converts a glob with `**`, `*` and `{a,b}` to a regular expression. */
function matcher(glob: string): RegExp {
  let source = glob
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'));
  const innermost = /\{([^{}]*)\}/;
  while (innermost.test(source))
    source = source.replace(innermost, (_, names: string) => `(?:${names.replaceAll(',', '|')})`);
  return new RegExp(`^${source}$`);
}

const isIn = (file: string, { include, exclude = [] }: Project): boolean =>
  include.some((glob) => matcher(glob).test(file)) && !exclude.some((glob) => matcher(glob).test(file));

test('each file that leaves cases to another ring is in one of its projects', () => {
  const parts = filesIn('test').filter(
    (file) =>
      file.endsWith('.test.ts') &&
      /import .*\b(ofRing|coveringOfRing|testInAll)\b.* from '.*helpers\/ring'/.test(textOf(file)),
  );
  expect(parts.length).toBeGreaterThan(20);
  const rest = projects.filter(({ name }) => /^(all|soak):/.test(name));
  expect(parts.filter((file) => !rest.some((project) => isIn(file, project)))).toEqual([]);
});

test('each test file is in a project', () => {
  const files = filesIn('test').filter((file) => file.endsWith('.test.ts'));
  expect(files.filter((file) => !projects.some((project) => isIn(file, project)))).toEqual([]);
});

test('globs match as vitest has them', () => {
  expect(matcher('test/{ops/{a,b},api}/**/*.gpu.test.ts').test('test/api/a/b.gpu.test.ts')).toBe(true);
  expect(matcher('test/*.test.ts').test('test/a/b.test.ts')).toBe(false);
});
