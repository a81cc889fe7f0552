import { expect, test } from 'vitest';
import { labelledFiles } from '../../../../src/index';
import type { RemoteModel } from '../../../../src/page/models/remote_model';
import { examplesIn } from '../../../../src/page/profile/examples/prepare_examples';

const base = {} as RemoteModel;
const rows = [{ text: 'a' }, { text: 'b' }];

async function* later() {
  yield* rows;
}

test.each<[string, unknown, readonly unknown[]]>([
  ['one example', rows[0], [rows[0]]],
  ['an array', rows, rows],
  ['a set', new Set(rows), rows],
  ['an async generator', later(), rows],
  ['a text, which is refused later', 'ab', ['ab']],
  ['nothing, which is refused later', undefined, [undefined]],
  [
    'files of labelled folders',
    labelledFiles(new Map(['ham/a.txt', 'spam/b.txt'].map((path) => [path, new Blob(['a'])]))),
    ['ham', 'spam'].map((label) => ({ text: 'a', label })),
  ],
])('the examples of %s', async (_, given, examples) => {
  expect(await examplesIn(base, given)).toEqual(examples);
});

test('a list of files gets a hint to labelledFiles', async () => {
  class FileList {
    readonly length = 1;
    item() {
      return new File(['a'], 'a.txt');
    }
  }
  await expect(examplesIn(base, new FileList())).rejects.toMatchObject({
    message: 'examples: expected examples, an iterable of them, or one file, got a FileList',
    hint: expect.stringContaining('labelledFiles(files)'),
  });
});
