import { describe, expect, test } from 'vitest';
import { imageFile, readImages } from '../../../../src/page/profile/examples/image_file';

const image = (first: number) => ({
  height: 2,
  width: 2,
  data: Uint8Array.from({ length: 12 }, (_, index) => first + index),
});
const images = [image(0), image(12)];

/** The file that numpy 2.4.6 saves for np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3). */
const saved = new Blob([
  Uint8Array.of(0x93),
  'NUMPY',
  Uint8Array.of(1, 0, 118, 0),
  `{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2, 3), }${' '.repeat(52)}\n`,
  Uint8Array.from({ length: 24 }, (_, index) => index),
]);
const bytesOf = async (blob: Blob) => [...new Uint8Array(await blob.arrayBuffer())];

test('images are written as numpy writes them', async () => {
  expect(await bytesOf(imageFile(images))).toEqual(await bytesOf(saved));
});

test('images are read again, each with memory of its own', async () => {
  const read = await readImages(saved, { count: 2, size: 2 });
  expect(read).toEqual(images);
  expect(read.map(({ data }) => data.buffer.byteLength)).toEqual([12, 12]);
});

describe('refused is', () => {
  const numbers = (blob: Blob) => blob.slice(128);
  test.each<[string, Blob, { count: number; size: number }]>([
    ['one image too few', saved, { count: 3, size: 2 }],
    ['one too many', saved, { count: 1, size: 2 }],
    ['another size with as many bytes', saved, { count: 8, size: 1 }],
    ['a byte too many', new Blob([saved, 'a']), { count: 2, size: 2 }],
    ['another type of numbers', new Blob([new Uint8Array(128), numbers(saved)]), { count: 2, size: 2 }],
    ['nothing', new Blob([]), { count: 2, size: 2 }],
  ])('%s', async (_, file, expected) => {
    await expect(readImages(file, expected)).rejects.toMatchObject({
      code: 'invalid_format',
      message: expect.stringMatching(/^images\.npy: expected numpy's bytes \(\d, \d, \d, 3\)/),
    });
  });

  test('more images than a profile stores, before they are read', async () => {
    const large = { size: 2 ** 26 + 129, arrayBuffer: () => Promise.reject(new Error('read')) } as unknown as Blob;
    await expect(readImages(large, { count: 1, size: 1 })).rejects.toMatchObject({ code: 'limit_exceeded' });
  });
});

test('a file that was changed since it was chosen is refused, with the browser’s error as the cause', async () => {
  const gone = new DOMException('gone', 'NotReadableError');
  const file = Object.assign(new Blob([saved]), { arrayBuffer: () => Promise.reject(gone) });
  await expect(readImages(file, { count: 2, size: 2 })).rejects.toMatchObject({
    code: 'invalid_format',
    message: 'images.npy: expected a file that can be read',
    cause: gone,
  });
});
