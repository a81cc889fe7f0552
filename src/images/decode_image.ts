import { untilAborted } from '../core/async/abort';
import { late } from '../core/async/late';
import { WebVeraError } from '../core/errors/error';
import { expectModestImage } from '../core/input/image_limits';
import type { DecodeImage } from '../core/types/image';

/** Loads the code that reads images' headers. */
export const headerCode = late(async () => await import('./image_header'));

/**
 * Options to decode as Pillow does: colours as stored, without applying a colour profile. The canvas still stores colours multiplied by
 * alpha, in 8 bits: the colour of a translucent pixel is off by up to half of 255/alpha, and fully transparent pixels are black.
 */
const AS_STORED: ImageBitmapOptions = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' };

/** The browser functions that decode images. */
export interface ImageScope {
  createImageBitmap?(file: Blob, options: ImageBitmapOptions): Promise<ImageBitmap>;
  readonly OffscreenCanvas?: new (width: number, height: number) => OffscreenCanvas;
}

/** Returns a decoder that uses the browser's functions; undefined if there are none, as in Node. */
export function imageDecoder(scope: ImageScope = globalThis): DecodeImage | undefined {
  const { OffscreenCanvas: Canvas } = scope;
  const toBitmap = scope.createImageBitmap?.bind(scope);
  if (toBitmap === undefined || Canvas === undefined) return undefined;
  if (new Canvas(1, 1).getContext('2d')?.getImageData === undefined) return undefined;
  return async (file, signal) => {
    const refused = (error: unknown): never => {
      throw signal.aborted ? error : undecodable(file, error);
    };
    const { declaredSize } = await untilAborted(headerCode(), signal);
    const declared = await untilAborted(declaredSize(file), signal).catch(refused);
    if (declared?.width === Number.POSITIVE_INFINITY) throw hidden();
    if (declared !== undefined) expectModestImage(declared);
    const coming = toBitmap(file, AS_STORED);
    const bitmap = await untilAborted(coming, signal).catch((error: unknown) => {
      coming.then((late) => late.close()).catch(() => {}); // the result is dropped
      return refused(error);
    });
    try {
      const { width, height } = bitmap;
      expectModestImage(bitmap);
      const context = new Canvas(width, height).getContext('2d', { willReadFrequently: true });
      if (context === null) throw noCanvas(width, height);
      context.drawImage(bitmap, 0, 0);
      return context.getImageData(0, 0, width, height);
    } finally {
      bitmap.close();
    }
  };
}

function hidden(): WebVeraError {
  return new WebVeraError(
    'limit_exceeded',
    'expected an image that says its size, got one with too much other data before it',
    {
      hint: 'Save the image again without its metadata.',
    },
  );
}

function undecodable({ type, size }: Blob, cause: unknown): WebVeraError {
  const got = `${size} bytes${type === '' ? '' : ` of type ${JSON.stringify(type.slice(0, 60))}`}`;
  return new WebVeraError('invalid_format', `expected an image that this browser can decode, got ${got}`, {
    hint: type.startsWith('image/svg+xml')
      ? 'Pass an <img> that shows it, with a width and a height, or a canvas.'
      : 'Does the file open in a tab of this browser? All browsers decode PNG, JPEG and WebP.',
    cause,
  });
}

function noCanvas(width: number, height: number): WebVeraError {
  return new WebVeraError('out_of_memory', `There is no room to decode an image of ${width}×${height}`, {
    hint: 'Make the image smaller first.',
  });
}
