import { expect, test } from 'vitest';
import { ImageProcessor } from '../../src/images/image_processor';
import { prepareImage } from '../../src/images/preprocess';
import { parsePreprocessorConfig, preparedSize } from '../../src/images/preprocessor_config';
import { goldenImage } from './golden_images';

const config = parsePreprocessorConfig({ size: 16 });
const { signal } = new AbortController();
const image = goldenImage('noise');

test('pixels are prepared as they are, files once they are decoded; it is announced by their number', async () => {
  const told: number[] = [];
  const decode = async () => image;
  const processor = new ImageProcessor(config, { decode, quiet: (seconds) => told.push(seconds) });
  const prepared = prepareImage(image, config);
  expect(await processor.prepare(image, signal)).toEqual(prepared);
  expect(await processor.prepare(new Blob(['a']), signal)).toEqual(prepared);
  expect(told).toEqual(Array(2).fill((image.width * image.height) / 2 ** 23));
});

test('a file is refused where nothing decodes it', async () => {
  await expect(new ImageProcessor(config).prepare(new Blob(['a']), signal)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: 'expected pixels, because nothing decodes image files here, got a Blob',
  });
});

test('processors that make different bytes have different identities', () => {
  const scalingOf = (json: object) => [...new ImageProcessor(parsePreprocessorConfig({ ...json })).scaling];
  expect(scalingOf({})).toEqual([1 / 255, ...Array(6).fill(0.5)]);
  expect(scalingOf({ do_normalize: false })).toEqual([1 / 255]);
  expect(scalingOf({ image_mean: [0.1, 0.2, 0.3] })).toEqual([1 / 255, 0.1, 0.2, 0.3, 0.5, 0.5, 0.5]);
});

test.each([
  [{}, { height: 224, width: 224 }],
  [{ size: { height: 8, width: 9 } }, { height: 8, width: 9 }],
  [{ size: { shortest_edge: 8 } }, { height: 8, width: 8 }],
  [
    { size: { shortest_edge: 8 }, do_center_crop: true, crop_size: 7 },
    { height: 7, width: 7 },
  ],
  [{ do_resize: false }, undefined],
])('of %j a square image comes as %j', (json, size) => {
  expect(preparedSize(parsePreprocessorConfig(json))).toEqual(size);
});
