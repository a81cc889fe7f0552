import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesIn, root, textOf } from './lib/files';
import { type Import, importsOf, isIn, libraryImports, resolved } from './lib/imports';
import { kinds } from './lib/kinds';

/** Whether a path is in one of the folders of an adapter kind. */
const isOfAKind = (path: string): boolean =>
  kinds.some((kind) => [`adapters/${kind}`, `page/adapters/${kind}`, `ops/${kind}`].some((room) => isIn(path, room)));

/** The files that may name adapter kinds, each with the reason. */
const MAY_NAME_KINDS: Readonly<Record<string, string>> = {
  'index.ts': 'exports the public names',
  'adapters/adapter_kinds.ts': "the worker's table of kinds",
  'page/adapters/page_kinds.ts': "the page's table of kinds",
};

/** Returns the words that name an adapter kind, also within identifiers: `asVera` and `vera_placer`, but not `several` and `webvera`. */
function kindNames(text: string): readonly string[] {
  return kinds.flatMap((kind) => {
    const found = text.matchAll(new RegExp(`(\\w*-?)(${kind})(\\w*)`, 'gi'));
    return [...found].flatMap(([word, before = '', name = '', after = '']) => {
      const isProduct = /web-?$/i.test(before);
      const isWithinAWord =
        name === name.toLowerCase() ? /[a-z]$/i.test(before) : name === name.toUpperCase() && /[A-Z]$/.test(before);
      const isLongerWord = /^[a-z]/.test(after) && /[a-z]$/.test(name);
      return isProduct || isWithinAWord || isLongerWord ? [] : [word];
    });
  });
}

test('no file outside the rooms of a kind names one', () => {
  expect(kinds).toContain('vera');
  const texts = filesIn('src').filter((file) => /\.(ts|md|py)$/.test(file));
  const offending = texts.flatMap((file) => {
    const path = file.replace(/^src\//, '');
    const isAllowed = isOfAKind(path) || Object.keys(MAY_NAME_KINDS).some((allowed) => isIn(path, allowed));
    return isAllowed ? [] : kindNames(textOf(file)).map((word) => `${file}: ${word}`);
  });
  expect(offending).toEqual([]);
});

test.each([
  ['asVera(adapter)', ['asVera']],
  ["import { a } from './vera_placer';", ['vera_placer']],
  ['// VeRA alone', ['VeRA']],
  ["peft_type: 'VERA'", ['VERA']],
  ['new WebVeraError(webvera, <web-vera>, several, averages, SEVERAL_HINT)', []],
])('the rule of names finds those in: %s', (text, names) => {
  expect(kindNames(text)).toEqual(names);
});

/** The tasks: folders with a file of the same name. `classification` has the code that several tasks share, `task` the interfaces. */
const tasks = readdirSync(join(root, 'src/tasks')).filter(
  (name) => name !== 'task' && existsSync(join(root, 'src/tasks', name, `${name}.ts`)),
);
const taskOf = (path: string): string | undefined => tasks.find((name) => isIn(path, `tasks/${name}`));
const knowsATask = (one: Import): boolean =>
  ![undefined, taskOf(one.file.replace(/^src\//, ''))].includes(taskOf(resolved(one)));

test('only the tables of tasks and of runs’ tasks know a task', () => {
  const offending = libraryImports()
    .filter(knowsATask)
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(tasks).toContain('causal_lm');
  // The benchmark may import a task, because it makes its own batches of tokens.
  expect(offending.filter((one) => !/^(src\/tasks\/task_(registry|of_run)|bench\/)/.test(one))).toEqual([]);
  expect(importsOf('src/train/a.ts', "import { b } from '../tasks/causal_lm/b';").filter(knowsATask)).toHaveLength(1);
});
