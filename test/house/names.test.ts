import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { sources, textOf } from './lib/files';
import { typeNamesOf } from './lib/syntax';

/** Returns the names that occur in more than one file, each with its files. */
function repeated(places: Iterable<readonly [name: string, file: string]>): readonly string[] {
  const files = new Map<string, string[]>();
  for (const [name, file] of places) files.set(name, [...(files.get(name) ?? []), file]);
  return [...files].filter(([, found]) => found.length > 1).map(([name, found]) => `${name}: ${found.join(', ')}`);
}

const typesIn = (file: string, text: string) => typeNamesOf(file, text).map((name) => [name, file] as const);

test('each name of a type stands in one file of src', () => {
  const places = sources('src').flatMap((file) => typesIn(file, textOf(file)));
  expect(places.length).toBeGreaterThan(500);
  expect(repeated(places)).toEqual([]);
});

test.each(['interface Row {}', 'type Row = number;', 'export class Row {}', 'declare enum Row {}'])(
  'the rule of type names catches a second %s',
  (text) => {
    const first = typesIn('src/core/a.ts', 'export interface Row {}');
    expect(repeated([...first, ...typesIn('src/core/b.ts', text)])).toEqual(['Row: src/core/a.ts, src/core/b.ts']);
    expect(repeated([...first, ...typesIn('src/core/b.ts', `${text.replace('Row', 'Line')}`)])).toEqual([]);
  },
);

/** The names that several files of src may have, each with the reason. */
const SHARED_NAMES: Readonly<Record<string, string>> = {
  'index.ts': 'the public names of a folder',
  'kind.ts': 'the record of a kind of adapters',
};

const basesOf = (files: readonly string[]) =>
  files.map((file) => [posix.basename(file), file] as const).filter(([name]) => !(name in SHARED_NAMES));

test('no two files of src have the same name', () => {
  expect(repeated(basesOf(sources('src')))).toEqual([]);
  expect(repeated(basesOf(['src/core/rows.ts', 'src/tasks/rows.ts', 'src/index.ts', 'src/core/index.ts']))).toEqual([
    'rows.ts: src/core/rows.ts, src/tasks/rows.ts',
  ]);
});
