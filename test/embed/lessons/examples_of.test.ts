import { expect, test } from 'vitest';
import { examplesOf, labelledExamples } from '../../../src/embed/lessons/examples_of';
import type { Lesson } from '../../../src/embed/public';

const letters = async (text: string): Promise<number> => text.length;
const read = (lesson: unknown) => examplesOf(lesson as Lesson, 100, letters);

test('one or several examples are returned unchanged', async () => {
  const one = { prompt: 'a', completion: 'b' };
  expect(await read(one)).toEqual([one]);
  expect(await read([one, { text: 'c' }])).toEqual([one, { text: 'c' }]);
});

test('a text is cut, and so is a file of text', async () => {
  const first = 'a '.repeat(45).trim();
  const texts = [{ text: first }, { text: 'The second one.' }];
  expect(await read(`${first}\n\nThe second one.`)).toEqual(texts);
  expect(await read(new Blob([`${first}\r\n\r\nThe second one.`]))).toEqual(texts);
});

test.each([
  new Blob(['{"text":"a"}'], { type: 'application/jsonl' }),
  new File(['{"text":"a"}'], 'mine.JSONL'),
  new Blob(['text\na'], { type: 'text/csv;charset=utf-8' }),
  new File(['text\na'], 'mine.csv', { type: 'application/vnd.ms-excel' }),
])('a file of examples is left to the worker, recognized by its type or name: %#', async (file) => {
  expect(await read(file)).toBe(file);
  expect(await labelledExamples(file)).toBe(file);
});

test.each([
  ['an empty text', ' \n ', 'invalid_argument'],
  ['an empty file', new Blob(['']), 'invalid_argument'],
  ['no examples', [], 'invalid_argument'],
  ['nothing', undefined, 'invalid_argument'],
  ['null', null, 'invalid_argument'],
  ['a number', 7, 'invalid_argument'],
  ['a picture', new Blob([new Uint8Array([0x89, 0x50, 0, 0])]), 'invalid_format'],
])('%s is refused', async (_, lesson, code) => {
  await expect(read(lesson)).rejects.toMatchObject({ name: 'WebVeraError', code });
});

test.each([
  ['UTF-16', [0xff, 0xfe, 0x66, 0, 0xfc, 0]],
  ['UTF-16', [0xfe, 0xff, 0, 0x66, 0, 0xfc]],
  ['another encoding', [0x66, 0xfc, 0x72]], // für in Windows-1252
])('a text in %s is refused', async (encoding, bytes) => {
  await expect(read(new Blob([Uint8Array.from(bytes)]))).rejects.toMatchObject({
    code: 'invalid_format',
    message: `teach: expected text in UTF-8, got ${encoding}`,
  });
});

test('a file that changed after it was chosen is refused with a hint', async () => {
  const file = new File(['a'], 'a.txt');
  Object.defineProperty(file, 'arrayBuffer', {
    value: () => Promise.reject(new DOMException('gone', 'NotReadableError')),
  });
  await expect(read(file)).rejects.toMatchObject({
    code: 'invalid_format',
    hint: expect.stringContaining('Choose it'),
  });
});

test('a file of text that is too large is refused before it is read', async () => {
  const read64 = (size: number) => {
    const file = Object.assign(new File(['a'], 'a.txt'), {
      arrayBuffer: () => Promise.reject(new Error('it was read')),
    });
    return read(Object.defineProperty(file, 'size', { value: size }));
  };
  const hint = expect.stringMatching(/^Teach a part/);
  await expect(read64(2 ** 26 + 1)).rejects.toMatchObject({ code: 'limit_exceeded', hint });
  await expect(read64(2 ** 26)).rejects.toMatchObject({ code: 'invalid_format' });
});

test('a classifier learns from examples', async () => {
  const one = { text: 'see you', label: 'ham' };
  expect(await labelledExamples(one)).toEqual([one]);
  expect(await labelledExamples([one, one])).toEqual([one, one]);
});

test.each([
  ['a text', 'see you'],
  ['a text', new Blob(['see you'])],
  ['an image', new File(['a cat'], 'cat.png', { type: 'image/png' })],
])('a classifier refuses %s', async (what, lesson) => {
  await expect(labelledExamples(lesson)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: `teach: expected examples with labels, got ${what} without one`,
  });
});
