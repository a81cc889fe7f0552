import { describe, expect, test } from 'vitest';
import { type LabelledFile, labelledFiles, type WebVeraError } from '../../../src/index';

type Given = Parameters<typeof labelledFiles>[0];

/** Returns a file with a path, as if the user had chosen its folder in a file input. */
function chosen(path: string, content: BlobPart = path, type = ''): File {
  const file = new File([content], path.split('/').at(-1) ?? '', { type });
  return Object.assign(file, { webkitRelativePath: path });
}

function byPath(...paths: readonly string[]): ReadonlyMap<string, Blob> {
  return new Map(paths.map((path) => [path, new Blob([path])]));
}

async function examplesOf(files: Given): Promise<LabelledFile[]> {
  const examples: LabelledFile[] = [];
  for await (const example of labelledFiles(files)) examples.push(example);
  return examples;
}

function refusal(files: unknown): WebVeraError {
  try {
    labelledFiles(files as Given);
  } catch (error) {
    return error as WebVeraError;
  }
  throw new Error('expected a refusal');
}

describe('texts', () => {
  const files = [
    chosen('mails/spam/b.txt', 'buy'),
    chosen('mails/ham/é.txt', 'no'),
    chosen('mails/ham/Z.txt', 'see you'),
    chosen('mails/spam/a', 'win'),
    chosen('mails/README.md', 'about'),
  ];
  const expected = [
    { text: 'see you', label: 'ham' },
    { text: 'no', label: 'ham' },
    { text: 'win', label: 'spam' },
    { text: 'buy', label: 'spam' },
  ];

  test('have the labels of their folders, in the order of their paths, in whatever order they arrive', async () => {
    const list = Object.assign({ length: files.length, item: () => null }, files) as unknown as FileList;
    expect(await examplesOf(files)).toEqual(expected);
    expect(await examplesOf(list)).toEqual(expected);
    expect(await examplesOf(files.toReversed())).toEqual(expected);
    expect(await examplesOf(new Map(files.map((file) => [file.webkitRelativePath, file])))).toEqual(expected);
  });

  test('are counted before they are read, and can be read several times', async () => {
    const given = labelledFiles(files);
    expect(given.labels).toEqual(['ham', 'spam']);
    expect(given.length).toBe(4);
    expect(given.leftOut).toEqual(['mails/README.md']);
    for (let round = 0; round < 2; round++) {
      const texts = [];
      for await (const example of given) texts.push(example);
      expect(texts).toEqual(expected);
    }
  });
});

test('images are passed as they are', async () => {
  const [cat, dog] = [chosen('pets/cat/1.JPG'), chosen('pets/dog/1', 'x', 'image/png')];
  const examples = await examplesOf([dog, cat]);
  expect(examples).toEqual([
    { image: cat, label: 'cat' },
    { image: dog, label: 'dog' },
  ]);
  expect(examples[0]).toHaveProperty('image', cat);
});

test.each<[string, ReadonlyMap<string, Blob>, string[], string[]]>([
  ['folders alone', byPath('a/1.txt', 'b/1.txt'), ['a', 'b'], []],
  ['folders in folders', byPath('x/train/a/1.txt', 'x/test/b/1.txt'), ['a', 'b'], []],
  ['a folder within a label’s', byPath('x/a/1.txt', 'x/a/deep/2.txt', 'x/b/1.txt'), ['a', 'b', 'deep'], []],
  ['paths of Windows', byPath('x\\a\\1.txt', '.\\x\\b\\1.txt'), ['a', 'b'], []],
  ['accents taken apart', byPath('e\u0301/1.txt', 'b/1.txt'), ['b', '\u00e9'], []],
  [
    'hidden files',
    byPath('a/1.txt', 'b/1.txt', 'a/.DS_Store', '.git/x/1.txt', '__MACOSX/a/1.txt', 'a/Thumbs.db'),
    ['a', 'b'],
    [],
  ],
  ['files of other kinds', byPath('a/1.txt', 'b/1.txt', 'c/1.pdf', 'c/2.svg'), ['a', 'b'], ['c/1.pdf', 'c/2.svg']],
])('%s', (_, files, labels, leftOut) => {
  const given = labelledFiles(files);
  expect(given.labels).toEqual(labels);
  expect(given.leftOut).toEqual(leftOut);
});

test('a type takes precedence over an ending', () => {
  const page = chosen('x/a/2.txt', '<p>', 'text/html');
  const given = labelledFiles([chosen('x/a/1.log', 'a', 'text/plain'), chosen('x/b/1.txt'), page]);
  expect(given.length).toBe(2);
  expect(given.leftOut).toEqual(['x/a/2.txt']);
});

describe('ambiguous files are refused', () => {
  const text = new Blob(['a']);
  test.each<[string, unknown, RegExp]>([
    ['nothing', [], /expected texts or images, got none$/],
    ['hidden files alone', byPath('a/.x', '.y/b.txt'), /expected texts or images, got none$/],
    [
      'other kinds alone',
      byPath('a/1.pdf', 'b/1.doc', 'c/1.xls', 'd/1.zip'),
      /got 4 others \(a\/1.pdf, b\/1.doc, c\/1.xls, and 1 more\)/,
    ],
    [
      'files without folders',
      [new File(['a'], 'a.txt'), new File(['b'], 'b.txt')],
      /in a folder for each label, got all in one \(a.txt, b.txt\)/,
    ],
    ['one folder', byPath('x/ham/1.txt', 'x/ham/2.txt'), /in a folder for each label, got all in one/],
    [
      'texts and images',
      byPath('a/1.txt', 'b/1.png', 'b/2.png'),
      /expected either texts or images, got 1 texts and 2 images/,
    ],
    ['a folder’s path', 'mails/', /labelledFiles: files: expected the files of a folder, got 'mails\/'/],
    ['no files', undefined, /expected the files of a folder, got undefined/],
    ['texts', ['a', 'b'], /labelledFiles: files: 0: expected a Blob, got 'a'/],
    ['something by path', new Map([['a/b.txt', 'text']]), /files: a\/b.txt: expected a Blob, got 'text'/],
    ['Blobs without a name', [text], /expected the files of a folder/],
  ])('%s', (_, files, message) => {
    expect(refusal(files)).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) });
  });
});

test.each<[string, (files: File[]) => Given]>([
  ['a list', (files) => files],
  ['a Map', (files) => new Map(files.map((file) => [file.webkitRelativePath, file.slice()]))],
  ['an object', (files) => Object.fromEntries(files.map((file) => [file.webkitRelativePath, file.slice()]))],
])('texts and images in %s: the code in the hint selects the images', (_, form) => {
  const files = form(['a/1.txt', 'a/2.JPEG', 'b/1.webp', 'b/README'].map((path) => chosen(`x/${path}`)));
  const [, code = ''] = /^Pass the texts alone or the images alone: (.*)\.$/.exec(refusal(files).hint) ?? [];
  const images = new Function('files', `return ${code}`)(files) as Given;
  expect(labelledFiles(images)).toMatchObject({ labels: ['a', 'b'], length: 2, leftOut: [] });
});

describe('a file that holds no text', () => {
  const read = (file: Blob) =>
    examplesOf(
      new Map([
        ['a/1.txt', file],
        ['b/1.txt', new Blob(['b'])],
      ]),
    );

  test.each<[string, Blob, string, RegExp]>([
    [
      'of another kind',
      new Blob(['PK\0\0']),
      'invalid_format',
      /^a\/1.txt: expected text in UTF-8, got a file of another kind/,
    ],
    [
      'in Latin-1',
      new Blob(['caf', Uint8Array.of(0xe9)]),
      'invalid_format',
      /^a\/1.txt: expected text in UTF-8, got a file of another kind or encoding/,
    ],
    [
      'that is gone',
      Object.assign(new Blob(), { arrayBuffer: () => Promise.reject(new Error('gone')) }),
      'invalid_format',
      /^a\/1.txt: expected a file that can be read/,
    ],
    [
      'that is enormous',
      Object.defineProperty(new Blob(), 'size', { value: 2 ** 24 + 1 }),
      'limit_exceeded',
      /^a\/1.txt: expected a text of at most/,
    ],
  ])('%s is named', async (_, file, code, message) => {
    await expect(read(file)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
