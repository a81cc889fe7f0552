import { describe, expect, test } from 'vitest';
import { type ImageScope, imageDecoder } from '../../src/images/decode_image';
import { eventually } from '../helpers/eventually';
import { withResolvers } from '../helpers/with_resolvers';

interface Bitmap {
  readonly width: number;
  readonly height: number;
}

/** Creates a fake browser scope that decodes images with `decode` and records all calls. */
function browser(decode: () => Promise<Bitmap>, context: object | null = {}) {
  const told: string[] = [];
  const reader = {
    drawImage: () => told.push('drawn'),
    getImageData: (_x: number, _y: number, width: number, height: number) => ({
      width,
      height,
      data: new Uint8ClampedArray(4 * width * height),
    }),
    ...context,
  };
  const scope = {
    async createImageBitmap(_file: Blob, options: object) {
      told.push(JSON.stringify(options));
      return { ...(await decode()), close: () => told.push('closed') };
    },
    OffscreenCanvas: class {
      constructor(width: number, height: number) {
        told.push(`${width}×${height}`);
      }
      getContext() {
        return context === null && told.length > 1 ? null : reader;
      }
    },
  };
  return { told, scope: scope as unknown as ImageScope };
}

const file = new Blob(['a'], { type: 'image/png' });
const { signal } = new AbortController();

test('gives the stored numbers, and closes the decoded image', async () => {
  const { told, scope } = browser(async () => ({ width: 2, height: 3 }));
  expect(await imageDecoder(scope)?.(file, signal)).toMatchObject({ width: 2, height: 3 });
  expect(told).toEqual(['1×1', '{"colorSpaceConversion":"none","premultiplyAlpha":"none"}', '2×3', 'drawn', 'closed']);
});

test.each<[string, ImageScope]>([
  ['Node', globalThis],
  ['a browser without a canvas in workers', { createImageBitmap: async () => Promise.reject(new Error('unused')) }],
  [
    'a canvas whose pixels can’t be read',
    browser(async () => Promise.reject(new Error('unused')), { getImageData: undefined }).scope,
  ],
])('%s decodes nothing', (_, scope) => {
  expect(imageDecoder(scope)).toBeUndefined();
});

describe('refused', () => {
  test('a file without an image', async () => {
    const { scope } = browser(async () => Promise.reject(new DOMException('The source image could not be decoded.')));
    await expect(imageDecoder(scope)?.(file, signal)).rejects.toMatchObject({
      code: 'invalid_format',
      message: 'expected an image that this browser can decode, got 1 bytes of type "image/png"',
    });
  });

  test.each(['image/svg+xml', 'image/svg+xml;charset=utf-8'])(
    'a drawing of type %s, with another way',
    async (type) => {
      const { scope } = browser(async () => Promise.reject(new DOMException('The source image could not be decoded.')));
      await expect(imageDecoder(scope)?.(new Blob(['<svg/>'], { type }), signal)).rejects.toMatchObject({
        code: 'invalid_format',
        hint: 'Pass an <img> that shows it, with a width and a height, or a canvas.',
      });
    },
  );

  test('too many pixels, before a canvas is created', async () => {
    const { told, scope } = browser(async () => ({ width: 2 ** 14, height: 2 ** 12 + 1 }));
    await expect(imageDecoder(scope)?.(file, signal)).rejects.toMatchObject({ code: 'limit_exceeded' });
    expect(told.filter((entry) => entry.includes('×'))).toEqual(['1×1']);
    expect(told.at(-1)).toBe('closed');
  });

  test('a file with too many pixels in its header, before it is decoded', async () => {
    const { told, scope } = browser(async () => ({ width: 1, height: 1 }));
    const gif = new Uint8Array(40);
    gif.set([...'GIF89a'].map((letter) => letter.charCodeAt(0)));
    new DataView(gif.buffer).setUint32(6, 0xffffffff);
    await expect(imageDecoder(scope)?.(new Blob([gif]), signal)).rejects.toMatchObject({
      code: 'limit_exceeded',
      message: expect.stringMatching(/got 65535×65535$/),
    });
    expect(told).toEqual(['1×1']);
  });

  test('a file that hides its size behind more segments than are read, before it is decoded', async () => {
    const { told, scope } = browser(async () => ({ width: 1, height: 1 }));
    const jpeg = [
      0xff,
      0xd8,
      ...Array(1024).fill([0xff, 0xfe, 0, 2]).flat(),
      0xff,
      0xc0,
      0,
      17,
      8,
      255,
      255,
      255,
      255,
      3,
    ];
    const hidden = new Blob([Uint8Array.from([...jpeg, ...Array(40).fill(0)])]);
    await expect(imageDecoder(scope)?.(hidden, signal)).rejects.toMatchObject({
      code: 'limit_exceeded',
      hint: 'Save the image again without its metadata.',
    });
    expect(told).toEqual(['1×1']);
  });

  test('a file that can’t be read', async () => {
    const { scope } = browser(async () => ({ width: 1, height: 1 }));
    const gone = new Blob(['a']);
    gone.slice = () => {
      throw new DOMException('It has changed', 'NotReadableError');
    };
    await expect(imageDecoder(scope)?.(gone, signal)).rejects.toMatchObject({ code: 'invalid_format' });
  });

  test('an image for whose canvas there is no room', async () => {
    const { told, scope } = browser(async () => ({ width: 2, height: 3 }), null);
    await expect(imageDecoder(scope)?.(file, signal)).rejects.toMatchObject({ code: 'out_of_memory' });
    expect(told.at(-1)).toBe('closed');
  });
});

test('a decoder that never ends is abandoned, and its late result closed', async () => {
  const decoded = withResolvers<Bitmap>();
  const { told, scope } = browser(() => decoded.promise);
  const ending = new AbortController();
  const decoding = imageDecoder(scope)?.(file, ending.signal);
  await eventually(() => expect(told).toHaveLength(2));
  ending.abort(new Error('over'));
  await expect(decoding).rejects.toThrow('over');
  decoded.resolve({ width: 2, height: 3 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(told.slice(2)).toEqual(['closed']);
});
