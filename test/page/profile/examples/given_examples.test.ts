import { openAsBlob } from 'node:fs';
import { expect, test } from 'vitest';
import { labelledFiles } from '../../../../src/index';
import type { RemoteModel } from '../../../../src/page/models/remote_model';
import { givenExamples, prepareGiven } from '../../../../src/page/profile/examples/prepare_examples';
import { loaded, modelInfo } from '../../session/open_session';

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
  expect(await givenExamples(base, given)).toEqual(examples);
});

test('a list of files gets a hint to labelledFiles', async () => {
  class FileList {
    readonly length = 1;
    item() {
      return new File(['a'], 'a.txt');
    }
  }
  await expect(prepareGiven(base, new FileList())).rejects.toMatchObject({
    message: 'examples: expected examples, an iterable of them, or one file, got a FileList',
    hint: expect.stringContaining('labelledFiles(files)'),
  });
});

test.each<[string, (batch: { text: string }[]) => unknown, number]>([
  ['an array', (batch) => batch, 2],
  ['one example', ([first]) => first, 1],
])('%s may be changed after the call', async (_, given, count) => {
  const { model, session, fake } = await loaded(() => ({
    prepareExamples: async (_call, _model, { examples }) => examples,
  }));
  const batch = rows.map((row) => ({ ...row }));
  const prepared = prepareGiven(model as RemoteModel, given(batch));
  for (const row of batch) row.text = 'changed';
  batch.length = 0;
  expect(await prepared).toEqual(rows.slice(0, count));
  expect(fake.argsOf('prepareExamples')).toHaveLength(1);
  await session.close();
});

test('an image may be drawn over after the call', async () => {
  const task = { ...modelInfo.task, inputs: 'images' as const };
  const { model, session, fake } = await loaded(() => ({
    loadModel: async () => ({ ...modelInfo, task }),
    prepareExamples: async (_call, _model, { examples }) => structuredClone(examples),
  }));
  const image = { width: 1, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 4) };
  const prepared = prepareGiven(model as RemoteModel, { image, label: 0 });
  image.data.fill(9);
  expect(await prepared).toEqual([{ image: { ...image, data: Uint8ClampedArray.of(1, 2, 3, 4) }, label: 0 }]);
  expect(fake.argsOf('prepareExamples')).toHaveLength(1);
  await session.close();
});

test('a generator may yield images of files that Node reads when needed', async () => {
  const examples = [{ image: await openAsBlob(import.meta.filename), label: 0 }];
  expect(await givenExamples(base, examples.values())).toEqual(examples);
});

test('an iterable without end is refused', async () => {
  const example = { text: 'a' };
  let taken = 0;
  const endless = {
    *[Symbol.iterator]() {
      for (; ; taken++) yield example;
    },
  };
  await expect(prepareGiven(base, endless)).rejects.toMatchObject({
    code: 'limit_exceeded',
    message: 'examples: expected an iterable of at most 1048576 examples, got more',
  });
  expect(taken).toBe(2 ** 20);
});

test('an iterable may fill the same objects again after each example', async () => {
  async function* rows() {
    const row = { text: '' };
    for (row.text of ['a', 'b']) yield row;
  }
  expect(await givenExamples(base, rows())).toEqual([{ text: 'a' }, { text: 'b' }]);
  async function* images() {
    const image = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
    for (let label = 0; label < 2; label++) {
      image.data.fill(label);
      yield { image, label };
    }
  }
  const given = (await givenExamples(base, images())) as { readonly image: { readonly data: Uint8ClampedArray } }[];
  expect(given.map(({ image }) => image.data[0])).toEqual([0, 1]);
});
