import { expect, test, vi } from 'vitest';
import { readPictures } from '../../../demo/src/images/read_pictures';
import { filesWithin } from '../../../demo/src/page/chosen_files';

/** A dropped file, or a folder of such entries by name. */
interface Tree {
  readonly [name: string]: Tree | string;
}

/** `together`: how many entries of a folder the browser returns at a time. */
function entryOf(fullPath: string, content: Tree | string, together = 100): FileSystemEntry {
  if (typeof content === 'string') {
    const file = (take: (file: File) => void): void => take(new File([content], fullPath));
    return { isFile: true, isDirectory: false, fullPath, file } as unknown as FileSystemEntry;
  }
  const left = Object.entries(content).map(([name, inner]) => entryOf(`${fullPath}/${name}`, inner));
  const readEntries = (take: (entries: FileSystemEntry[]) => void): void => take(left.splice(0, together));
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

test('a browser may return more entries at a time than a call has arguments', async () => {
  const files = await filesWithin([entryOf('/mail', folderOf(200_000), Infinity)]);
  expect(files.size).toBe(2000);
});

/** Pictures by path. The browser of this test reads only those of type image/png. */
function pictures(types: Readonly<Record<string, string>>): ReadonlyMap<string, File> {
  vi.stubGlobal('createImageBitmap', async ({ type }: Blob) => {
    if (type !== 'image/png') throw new Error('This type is unknown.');
    return { width: 1, height: 1, close: () => {} };
  });
  const context = { fillRect: () => {}, drawImage: () => {} };
  const canvas = { getContext: () => context, toBlob: (take: (blob: Blob) => void) => take(new Blob(['png'])) };
  vi.stubGlobal('document', { createElement: () => canvas });
  return new Map(Object.entries(types).map(([path, type]) => [path, new File(['x'], path, { type })]));
}

const options = { most: 10, signal: new AbortController().signal, onRead: () => {} };

test('pictures of all types in the classes’ folders are read or counted', async () => {
  const types = {
    'pets/cat/1.png': 'image/png',
    'pets/cat/2.heic': 'image/heic',
    'pets/cat/about.txt': 'text/plain',
    'pets/dog/1.png': 'image/png',
    'pets/dog/2.svg': 'image/svg+xml',
    'pets/dog/3.HEIC': '', // many systems don't know this type
    'pets/cover.png': 'image/png',
    'pets/dog/._1.png': 'image/png', // macOS adds such files
  };
  const { labelled, all, unreadable, unlabelled } = await readPictures(pictures(types), options);
  expect(labelled.map(({ label }) => label)).toEqual(['cat', 'dog']);
  expect([all, unreadable, unlabelled]).toEqual([2, 3, 1]);
  const unknown = pictures({ 'pets/cat/1.heic': 'image/heic', 'pets/dog/1.tiff': 'image/tiff' });
  await expect(readPictures(unknown, options)).rejects.toThrow(
    'A picture of “cat” is no picture that this browser can read.',
  );
});

test('pictures of all types without folders are read or counted', async () => {
  const { others, unreadable, unlabelled } = await readPictures(
    pictures({ 'a.png': 'image/png', 'b.heic': '', 'c.tiff': 'image/tiff' }),
    options,
  );
  expect([others.length, unreadable, unlabelled]).toEqual([1, 2, 0]);
});
