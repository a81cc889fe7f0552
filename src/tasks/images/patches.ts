import type { ImageSizes } from '../../models/architecture';

/**
 * Returns the patches of images as the rows of a matrix (B·P, C·p·p), from the top left, row by row. This matrix is the operand of a
 * convolution over patches; the values of a patch are in the order of the convolution's weight, (C, p, p). `images` holds the pixels of B
 * images, (C, H, W) each.
 */
export function patchRows(
  images: readonly Float32Array[],
  { channels, size, patch, patches }: ImageSizes,
): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(images.length * patches * channels * patch ** 2);
  const across = Math.floor(size / patch);
  let offset = 0;
  for (const pixels of images) {
    for (let n = 0; n < patches; n++) {
      const corner = Math.floor(n / across) * patch * size + (n % across) * patch;
      for (let channel = 0; channel < channels; channel++) {
        for (let y = 0; y < patch; y++) {
          const start = (channel * size + y) * size + corner;
          rows.set(pixels.subarray(start, start + patch), offset);
          offset += patch;
        }
      }
    }
  }
  return rows;
}
