import { expect, test } from 'vitest';
import { filesWithin } from '../../../demo/src/page/chosen_files';

/** A dropped file, or a folder of such entries by name. */
interface Tree {
  readonly [name: string]: Tree | string;
}

function entryOf(fullPath: string, content: Tree | string): FileSystemEntry {
  if (typeof content === 'string') {
    const file = (take: (file: File) => void): void => take(new File([content], fullPath));
    return { isFile: true, isDirectory: false, fullPath, file } as unknown as FileSystemEntry;
  }
  const left = Object.entries(content).map(([name, inner]) => entryOf(`${fullPath}/${name}`, inner));
  const readEntries = (take: (entries: FileSystemEntry[]) => void): void => take(left.splice(0, 100));
  return {
    isFile: false,
    isDirectory: true,
    fullPath,
    createReader: () => ({ readEntries }),
  } as unknown as FileSystemEntry;
}

const folderOf = (count: number): Tree =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}.txt`, 'x']));

test('a dropped folder is read with its inner folders', async () => {
  const mail = { spam: { '1.txt': 'win' }, ham: { old: { '1.txt': 'hi' } }, 'a.csv': 'x' };
  const files = await filesWithin([entryOf('/mail', mail)]);
  expect([...files.keys()].sort()).toEqual(['mail/a.csv', 'mail/ham/old/1.txt', 'mail/spam/1.txt']);
  expect(await files.get('mail/spam/1.txt')?.text()).toBe('win');
});

test('of too many files some of each folder are read', async () => {
  const mail = { a: folderOf(2600), b: folderOf(30), c: folderOf(1500) };
  const files = await filesWithin([entryOf('/mail', mail)]);
  const counts = ['a', 'b', 'c'].map(
    (name) => [...files.keys()].filter((path) => path.startsWith(`mail/${name}/`)).length,
  );
  expect(counts[1]).toBe(30);
  for (const count of [counts[0], counts[2]]) expect(Math.abs(Number(count) - 985)).toBeLessThan(2);
  expect(files.size).toBeLessThanOrEqual(2000);
});
