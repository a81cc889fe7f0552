import { WebVeraError } from '../errors/error';

/** Pixels of an image that is taken. */
const MAX_PIXELS = 2 ** 26;
/** Pixels of an edge: what a resized image is made of takes memory by it. */
const MAX_EDGE = 2 ** 15;

/** Throws `limit_exceeded` for an image that takes more memory than one should. */
export function expectModestImage({ width, height }: { readonly width: number; readonly height: number }): void {
  if (width * height <= MAX_PIXELS && Math.max(width, height) <= MAX_EDGE) return;
  const most = `at most ${MAX_PIXELS} pixels, and ${MAX_EDGE} along an edge`;
  throw new WebVeraError('limit_exceeded', `expected an image of ${most}, got ${width}×${height}`, {
    hint: 'Make it smaller before.',
  });
}
