import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { modulesIn, textOf } from './lib/files';
import { type Import, importsOf, isIn, libraryImports, resolved, scriptImports } from './lib/imports';

const scripts = [...modulesIn('scripts'), ...modulesIn('bench')].flatMap((file) => scriptImports(file, textOf(file)));

/** Returns the first import cycle: its files in order, and the first file again at the end. Empty if there is none. */
function circleOf(imports: readonly Import[]): readonly string[] {
  const targets = new Map<string, string[]>();
  for (const one of imports) {
    const file = resolved({ ...one, target: `./${basename(one.file)}` });
    targets.set(file, [...(targets.get(file) ?? []), resolved(one)]);
  }
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const target of targets.get(file) ?? []) {
      const circle = walk(target, [...path, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const circle = walk(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

test('no files of the library import each other, not even for types', () => {
  expect(circleOf(libraryImports())).toEqual([]);
  const [a, b] = [
    importsOf('src/core/a.ts', "import type { B } from './b';"),
    importsOf('src/core/b.ts', "import './a';"),
  ];
  expect(circleOf([...a, ...b])).toEqual(['core/a', 'core/b', 'core/a']);
});

test('no files of scripts and bench import each other, not even for types', () => {
  expect(scripts.length).toBeGreaterThan(300);
  expect(circleOf(scripts)).toEqual([]);
  const [a, b] = [
    scriptImports('scripts/a.mjs', "/** @typedef {import('./b.mjs').B} B */"),
    scriptImports('scripts/b.mjs', "import { a } from './a.mjs';"),
  ];
  expect(circleOf([...a, ...b])).toEqual(['scripts/a.mjs', 'scripts/b.mjs', 'scripts/a.mjs']);
});

test("only the package's command imports the benchmark", () => {
  const outside = scripts.filter((one) => one.file.startsWith('scripts') && isIn(resolved(one), 'bench'));
  expect(outside.map(({ file }) => file)).toEqual(['scripts/cli/main.mjs']);
});
