// Reads Fashion-MNIST: grey images of clothes, white on black, with their classes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure } from '../../shared/options.mjs';
import { readIdx } from './idx.mjs';

/** @typedef {{ pixels: Uint8Array, label: string }} Image a byte for each of 28·28 pixels, row by row */

/** Names of the classes, in the order of the data set's labels. */
export const CLASSES = /** @type {const} */ ([
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]);

export const SIDE = 28;
const MOST_IMAGES = 60_000;

/**
 * @param {string} folder that has the downloaded files
 * @param {'train' | 'test'} split 60,000 images to train on, or 10,000 to test
 * @returns {Image[]} in the data set's order, which mixes the classes
 */
export function readFashionMnist(folder, split) {
  const prefix = split === 'train' ? 'train' : 't10k';
  const size = SIDE * SIDE;
  const images = readIdx(readFileSync(join(folder, `${prefix}-images-idx3-ubyte.gz`)), 16 + MOST_IMAGES * size);
  const labels = readIdx(readFileSync(join(folder, `${prefix}-labels-idx1-ubyte.gz`)), 8 + MOST_IMAGES);
  const count = labels.data.length;
  if (labels.shape.length !== 1 || String(images.shape) !== String([count, SIDE, SIDE])) {
    throw new CommandFailure(`${folder}: ${count} labels don't go with images of ${images.shape.join('×')}`);
  }
  return Array.from(labels.data, (number, i) => {
    const label = CLASSES[number];
    if (label === undefined) throw new CommandFailure(`${folder}: there is no class ${number}`);
    return { pixels: images.data.subarray(i * size, (i + 1) * size), label };
  });
}
