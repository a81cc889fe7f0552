import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isShownImage } from '../../../src/core/input/shown_image';
import { exampleFields } from '../../../src/core/types/example';
import { predictRequest } from '../../../src/page/models/requests';

/** Makes a stand-in for a page's element or object that shows an image, with the properties that the library reads. */
const shown = (name: string, fields: object) => Object.assign(Object.create({ [Symbol.toStringTag]: name }), fields);
const size = { width: 2, height: 1 };
const drawImage = vi.fn();

beforeEach(() => {
  const context = {
    drawImage,
    getImageData: (_x: number, _y: number, width: number, height: number) => {
      return { width, height, data: new Uint8ClampedArray(4 * width * height) };
    },
  };
  const getContext = () => context;
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext = getContext;
    },
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  drawImage.mockReset();
});

describe('pixels are read of', () => {
  test.each<[string, object]>([
    ['HTMLCanvasElement', size],
    ['OffscreenCanvas', size],
    ['ImageBitmap', size],
    ['HTMLImageElement', { width: 9, height: 9, naturalWidth: 2, naturalHeight: 1, complete: true }],
    ['VideoFrame', { displayWidth: 2, displayHeight: 1 }],
  ])('%s', (name, fields) => {
    const image = shown(name, fields);
    const data = new Uint8ClampedArray(8);
    expect(exampleFields('rows[0]', { image, label: 1 })).toEqual({ image: { ...size, data }, label: 1 });
    expect(predictRequest([image], {}).inputs).toEqual([{ image: { ...size, data } }]);
    expect(drawImage).toHaveBeenCalledWith(image, 0, 0, 2, 1);
  });
});

describe('no pixels are read of', () => {
  test.each<[string, object, object]>([
    [
      'an <img> before it has loaded',
      shown('HTMLImageElement', { complete: false, naturalWidth: 0, naturalHeight: 0 }),
      {
        code: 'invalid_argument',
        message: /image: expected an <img> that has loaded, got 'one that is loading'$/,
        hint: /await img.decode\(\)/,
      },
    ],
    [
      'one that failed',
      shown('HTMLImageElement', { complete: true, naturalWidth: 0, naturalHeight: 0 }),
      { code: 'invalid_argument', message: /0×0/, hint: /fail to load/ },
    ],
    ['a closed frame', shown('VideoFrame', { displayWidth: 0, displayHeight: 0 }), { hint: /closed/ }],
    ['an empty canvas', shown('HTMLCanvasElement', { width: 0, height: 150 }), { hint: /width and a height/ }],
    ['a huge canvas', shown('HTMLCanvasElement', { width: 2 ** 14, height: 2 ** 13 }), { code: 'limit_exceeded' }],
    ['a video', shown('HTMLVideoElement', size), { message: /expected a Blob, pixels/, hint: /createImageBitmap/ }],
  ])('%s', (_, image, error) => {
    const expected = Object.fromEntries(
      Object.entries(error).map(([key, value]) => [
        key,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    );
    expect(() => exampleFields('', { image })).toThrow(expect.objectContaining({ name: 'WebVeraError', ...expected }));
    expect(drawImage).not.toHaveBeenCalled();
  });

  test('a canvas with a picture of another server', () => {
    drawImage.mockImplementation(() => {
      throw new DOMException('The canvas has been tainted', 'SecurityError');
    });
    expect(() => exampleFields('rows[3]', { image: shown('HTMLCanvasElement', size) })).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringMatching(/^rows\[3\]: image: .* got a picture of another server$/),
        hint: expect.stringContaining("img.crossOrigin = 'anonymous'"),
      }),
    );
  });

  test('an object that is no picture', () => {
    for (const value of [null, 'x', {}, [], new Blob(), { width: 1, height: 1 }])
      expect(isShownImage(value)).toBe(false);
    expect(() => exampleFields('rows[0]', shown('HTMLCanvasElement', size))).toThrow(
      expect.objectContaining({ hint: 'Images are passed as [{ image, label }].' }),
    );
  });
});
