import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readFashionMnist } from '../../../scripts/results/data/fashion_mnist.mjs';
import { readIdx } from '../../../scripts/results/data/idx.mjs';

const idx = (shape: readonly number[], data: readonly number[], type = 8) => {
  const lengths = shape.flatMap((length) => [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]);
  return gzipSync(Uint8Array.from([0, 0, type, shape.length, ...lengths, ...data]));
};

test('an idx file is read into its shape and bytes', () => {
  const { shape, data } = readIdx(idx([2, 3], [1, 2, 3, 4, 5, 6]), 100);
  expect(shape).toEqual([2, 3]);
  expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
});

test.each([
  ['that is no gzip', new Uint8Array([0, 0, 8, 1]), /doesn't unpack/],
  ['longer than allowed', idx([100], new Array(100).fill(0)), /doesn't unpack/],
  ['of floats', idx([1], [1, 2, 3, 4], 13), /no idx file of bytes/],
  ['without dimensions', idx([], [1]), /no idx file of bytes/],
  ['of too many dimensions', idx([1, 1, 1, 1, 1], [1]), /no idx file of bytes/],
  ['cut off in its header', gzipSync(new Uint8Array([0, 0, 8, 2, 0, 0])), /no idx file of bytes/],
  ['with too few bytes', idx([2, 2], [1, 2, 3]), /shape 2×2 has 3 bytes/],
  ['with too many bytes', idx([2], [1, 2, 3]), /shape 2 has 3 bytes/],
  ['that claims more than fits anywhere', idx([2 ** 32 - 1, 2 ** 32 - 1], [1]), /has 1 bytes/],
])('a file %s is refused', (_, bytes, message) => {
  expect(() => readIdx(bytes, 50)).toThrow(message);
});

/** Runs `body` with a data folder of two images: all pixels of the first are 1, all of the second are 2. */
function withFolder<T>(labels: readonly number[], body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  const pixels = [...new Array(784).fill(1), ...new Array(784).fill(2)];
  writeFileSync(join(folder, 't10k-images-idx3-ubyte.gz'), idx([2, 28, 28], pixels));
  writeFileSync(join(folder, 't10k-labels-idx1-ubyte.gz'), idx([labels.length], labels));
  try {
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('each image has the name of its class', () => {
  const images = withFolder([9, 2], (folder) => readFashionMnist(folder, 'test'));
  expect(images.map(({ label }) => label)).toEqual(['Ankle boot', 'Pullover']);
  expect(images.map(({ pixels }) => [pixels.length, pixels[0], pixels[783]])).toEqual([
    [784, 1, 1],
    [784, 2, 2],
  ]);
});

test.each([
  ['labels that are too few', [9], /1 labels don't go with images of 2×28×28/],
  ['a label of no class', [9, 10], /no class 10/],
])('a folder with %s is refused', (_, labels, message) => {
  expect(() => withFolder(labels, (folder) => readFashionMnist(folder, 'test'))).toThrow(message);
});
