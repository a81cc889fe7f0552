import { describe, expect, test } from 'vitest';
import { pixelValues, prepareImage } from '../../src/images/preprocess';
import { parsePreprocessorConfig } from '../../src/images/preprocessor_config';
import { bytesOf, goldenImage, goldenImages, ofBase64 } from './golden_images';

describe('transformers gives the same bytes', () => {
  const rows = goldenImages.rows.flatMap((row) => (row.rgb === undefined ? [] : [{ ...row, rgb: row.rgb }]));
  test.each(rows.map((row) => [row.situation, row] as const))('%s', (_, { image, config, rgb }) => {
    const made = prepareImage(goldenImage(image), parsePreprocessorConfig(config));
    expect(made).toEqual(ofBase64(rgb));
  });
});

describe('transformers gives the same numbers, to the bit', () => {
  const rows = goldenImages.rows.flatMap((row) => row.pixel_values ?? []).length;
  expect(rows).toBeGreaterThan(0);
  test.each(
    goldenImages.rows.flatMap((row) => (row.pixel_values === undefined ? [] : [[row.situation, row] as const])),
  )('%s', (_, { image, config, pixel_values = '' }) => {
    const parsed = parsePreprocessorConfig(config);
    const made = pixelValues(prepareImage(goldenImage(image), parsed), parsed);
    expect(new Uint8Array(made.buffer)).toEqual(bytesOf(pixel_values));
  });
});

test('an image isn’t changed', () => {
  const image = goldenImage('noise');
  const before = image.data.slice();
  prepareImage(image, parsePreprocessorConfig({ do_convert_rgb: true }));
  expect(image.data).toEqual(before);
});

describe('refused', () => {
  const config = parsePreprocessorConfig({ size: { shortest_edge: 1024 } });
  const image = (width: number, height: number, length = 4 * width * height) => ({
    width,
    height,
    data: new Uint8ClampedArray(length),
  });

  test.each([
    ['without a pixel', image(0, 5)],
    ['of other bytes', image(2, 2, 12)],
    ['of a fraction', image(1.5, 2)],
    ['of a size that is none', image(Number.NaN, 2, 0)],
  ])('an image %s', (_, given) => {
    expect(() => prepareImage(given, config)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('an image that is too narrow, too long, or has too many pixels', () => {
    const exceeded = expect.objectContaining({ code: 'limit_exceeded' });
    expect(() => prepareImage(image(2000, 1), config)).toThrow(exceeded);
    expect(() => prepareImage(image(2 ** 15 + 1, 1), parsePreprocessorConfig({}))).toThrow(exceeded);
    expect(() => prepareImage({ width: 2 ** 14, height: 2 ** 14, data: fakeBytes(2 ** 30) }, config)).toThrow(exceeded);
  });

  /** Returns an object with a length but no bytes, for checks that read only the length. */
  function fakeBytes(length: number): Uint8Array {
    return { length } as Uint8Array;
  }
});
