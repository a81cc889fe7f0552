import type { RgbaImage, RgbImage } from '../core/types/image';

const CHANNELS = 3;

/** Returns the image with an opaque alpha channel, as a canvas needs it. */
export function withAlpha({ height, width, data }: RgbImage): RgbaImage {
  const rgba = new Uint8ClampedArray(4 * height * width).fill(255);
  for (let from = 0, to = 0; from < data.length; from += CHANNELS, to += 4) {
    rgba.set(data.subarray(from, from + CHANNELS), to);
  }
  return { width, height, data: rgba };
}
