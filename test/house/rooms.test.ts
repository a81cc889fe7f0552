import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { codeIn, modulesIn, textOf } from './lib/files';

/** These folders, and all folders within them, may each contain only a limited number of files. Sub-folders are counted separately. */
const DIVIDED = ['src', 'shaders', 'scripts', 'bench', 'demo', 'test'];
const MOST_FILES = 15;

function crowdedRooms(files: readonly string[]): readonly string[] {
  const rooms = files.map(posix.dirname);
  return [...new Set(rooms)].filter((room) => rooms.filter((other) => other === room).length > MOST_FILES);
}

test.each(DIVIDED)(`no room of %s has more than ${MOST_FILES} files`, (folder) => {
  const files = codeIn(folder);
  expect(files.length).toBeGreaterThan(50);
  expect(crowdedRooms(files)).toEqual([]);
});

test('the rule of rooms catches a sixteenth file', () => {
  const files = Array.from({ length: MOST_FILES + 1 }, (_, i) => `src/core/${i}.ts`);
  expect(crowdedRooms(files)).toEqual(['src/core']);
  expect(crowdedRooms([...files.slice(1), 'src/core/shape/0.ts'])).toEqual([]);
});

/** The maximum number of lines of a file. */
const LONGEST = 300;
const linesOf = (text: string): number => text.trimEnd().split('\n').length;

test.each(['src', 'scripts', 'bench', 'test'])(`no file in %s has more than ${LONGEST} lines`, (folder) => {
  const files = modulesIn(folder);
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => linesOf(textOf(file)) > LONGEST)).toEqual([]);
  expect(linesOf('a\n'.repeat(LONGEST + 1))).toBeGreaterThan(LONGEST);
});

/** Matches variables, and collections that can grow, at the top level of a module. */
const STATE = /^(?:export )?(?:let |const \w+ = new (?:Map|Set|WeakMap|WeakSet)\(\))/m;
const holdsState = (text: string): boolean => /^export /m.test(text) && STATE.test(text);

test('modules of scripts and bench hold no state', () => {
  const modules = [...modulesIn('scripts'), ...modulesIn('bench')];
  expect(modules.filter((file) => holdsState(textOf(file)))).toEqual([]);
  expect(holdsState('const seen = new Set();\nexport const add = (one) => seen.add(one);\n')).toBe(true);
});
