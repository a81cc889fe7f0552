import { expect, test } from 'vitest';
import type { RemoteModel } from '../../../../src/page/models/remote_model';
import { examplesOfFile } from '../../../../src/page/profile/examples/prepare_examples';
import { loaded } from '../../session/open_session';

const rows = [{ text: 'a', label: 'b' }];

async function opened(found: typeof rows) {
  const { model, session, fake } = await loaded(() => ({ readExamples: async () => found }));
  const read = (file: Blob) => examplesOfFile(model as RemoteModel, file);
  return { read, session, asked: () => fake.argsOf('readExamples').map(([, file]) => file) };
}

test('the worker reads a file of examples, in the format that its type or name says', async () => {
  const { read, session, asked } = await opened(rows);
  const files = [
    [new File(['text,label'], 'a.csv'), 'csv'],
    [new Blob(['text,label'], { type: 'text/csv' }), 'csv'],
    [new File(['{}'], 'a.jsonl'), 'jsonl'],
  ] as const;
  for (const [file] of files) expect(await read(file)).toEqual(rows);
  expect(asked()).toMatchObject(files.map(([, format]) => ({ format })));
  await session.close();
});

test.each([
  ['plain text', new File(['a'], 'a.txt', { type: 'text/plain' }), 'invalid_argument'],
  ['an image', new Blob(['a'], { type: 'image/png' }), 'invalid_argument'],
  ['more than fits', Object.defineProperty(new File([], 'a.csv'), 'size', { value: 2 ** 26 + 1 }), 'limit_exceeded'],
])('%s is refused before it is read', async (_, file, code) => {
  const { read, session, asked } = await opened(rows);
  await expect(read(file)).rejects.toMatchObject({ code });
  expect(asked()).toEqual([]);
  await session.close();
});

test('a file without any example is refused', async () => {
  const { read, session } = await opened([]);
  await expect(read(new File(['text,label'], 'a.csv'))).rejects.toMatchObject({ code: 'invalid_argument' });
  await session.close();
});
