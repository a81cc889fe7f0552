import { describe, expect, test, vi } from 'vitest';
import { readText } from '../../../src/tasks/reading/blob_text';
import { toArray } from '../../helpers/bytes/to_array';

const utf16 = (text: string, mark = '\ufeff'): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Uint16Array.from(`${mark}${text}`, (unit) => unit.charCodeAt(0)).buffer);
const bytes = (...parts: readonly (string | number)[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? part : [...new TextEncoder().encode(part)])));

function read(content: Uint8Array<ArrayBuffer>): Promise<string> {
  return toArray(readText(new Blob([content]))).then((parts) => parts.join(''));
}

describe('refused, with its kind and a way to the text', () => {
  test.each([
    ['UTF-16', utf16('Call me Ishmael.'), 'UTF-16', "TextDecoder('utf-16le')"],
    ['UTF-16 without a mark', utf16('Call me Ishmael.', ''), 'bytes that are no text', 'plain text in UTF-8'],
    ['a .docx', bytes('PK', 3, 4, 20, 0, 'word/document.xml'), 'a ZIP archive, which .docx', 'plain text first'],
    ['a .doc', bytes(0xd0, 0xcf, 0x11, 0xe0, 'x'), 'a file of an old Office', 'plain text first'],
    ['a PDF', bytes('%PDF-1.7\n'), 'a PDF', 'text out of it'],
    ['an RTF document', bytes('{\\rtf1 Call me'), 'an RTF document', 'plain text first'],
    ['gzip', bytes(0x1f, 0x8b, 8), 'a gzip archive', "DecompressionStream('gzip')"],
    ['a PNG', bytes(0x89, 'PNG\r\n'), 'a picture', '{ image, label }'],
    ['a JPEG', bytes(0xff, 0xd8, 0xff, 0xe0), 'a picture', '{ image, label }'],
    ['a zero byte far inside', bytes('x'.repeat(200_000), 0, 'y'), 'bytes that are no text', 'plain text in UTF-8'],
    ['Latin-1', bytes('Fran', 0xe7, 'ais et ', 0xe9, 't', 0xe9), 'another encoding', "TextDecoder('windows-1252')"],
  ])('%s', async (_, content, kind, hint) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'invalid_format',
      message: expect.stringContaining(`Expected a file of text in UTF-8, got ${kind}`),
      hint: expect.stringContaining(hint),
    });
  });
});

test('a file is known by its beginning, however small its parts', async () => {
  const zip = new Blob(['P', 'K', Uint8Array.of(3), Uint8Array.of(4), 'word']);
  await expect(toArray(readText(zip))).rejects.toMatchObject({ message: expect.stringContaining('got a ZIP archive') });
});

describe('taken', () => {
  test.each([
    ['all letters', 'naïve 東京 🙂 \u0001\t'],
    ['marks of damage that the file has itself', '\ufffd\ufffd\ufffd'],
    ['nothing', ''],
  ])('%s', async (_, text) => {
    expect(await read(bytes(text))).toBe(text);
  });

  test('one damaged byte in a long text', async () => {
    const text = 'x'.repeat(10_000);
    expect(await read(bytes(text, 0xff, text))).toBe(`${text}\ufffd${text}`);
  });
});

test('damage is judged by the whole file up to it, not by a short last part', async () => {
  const text = 'x'.repeat(2 ** 16);
  expect(await read(bytes(text, 'the end', 0xff))).toBe(`${text}the end\ufffd`);
});

test('a file that is cut within its last character is a text', async () => {
  expect(await read(bytes('東京').subarray(0, 5).slice())).toBe('東\ufffd');
});

test.each([
  ['a.txt', new File(['a'], 'a.txt')],
  ['data set', new Blob(['a'])],
])('a file that changes while it is read is named: %s', async (name, blob) => {
  const stream = new ReadableStream({ start: (controller) => controller.error(new DOMException('changed')) });
  vi.spyOn(blob, 'stream').mockReturnValue(stream);
  await expect(toArray(readText(blob))).rejects.toMatchObject({
    code: 'invalid_format',
    message: `${name}: expected a file that can be read`,
    hint: 'Has it changed since it was chosen? Choose it again.',
  });
});
