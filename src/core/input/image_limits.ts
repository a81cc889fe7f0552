import { WebVeraError } from '../errors/error';

/** The largest number of pixels that an image may have. */
const MAX_PIXELS = 2 ** 26;
/** The longest edge that an image may have, in pixels. Resizing allocates memory in proportion to the edge. */
const MAX_EDGE = 2 ** 15;

/** Throws `limit_exceeded` for an image that needs too much memory. */
export function expectModestImage({ width, height }: { readonly width: number; readonly height: number }): void {
  if (width * height <= MAX_PIXELS && Math.max(width, height) <= MAX_EDGE) return;
  const most = `at most ${MAX_PIXELS} pixels, and ${MAX_EDGE} along an edge`;
  throw new WebVeraError('limit_exceeded', `expected an image of ${most}, got ${width}×${height}`, {
    hint: 'Make the image smaller first.',
  });
}
