import { WebVeraError } from '../core/errors/error';
import { bytesOf } from '../core/input/bytes';
import { expectModestImage } from '../core/input/image_limits';
import type { RgbaImage, RgbImage } from '../core/types/image';
import type { PreprocessorConfig, ShortestEdge } from './preprocessor_config';
import { type ImageSize, resize } from './resize';

/** The maximum length in pixels of the longer edge, after an image is resized by its shorter edge. */
const MAX_LONGEST = 2 ** 13;
const CHANNELS = 3;
/** Pixel values of an image, (3, height, width). */
export interface PixelValues extends ImageSize {
  readonly data: Float32Array;
}

/** The steps that convert bytes to pixel values, after resizing. */
type Scaling = Pick<PreprocessorConfig, 'rescale_factor' | 'normalize'>;

/** Extra bits of precision that PIL uses to blend an image over white. */
const ALPHA_BITS = 7;

/**
 * Returns the image at the model's input size: without alpha, resized and cropped. The bytes equal those of transformers' image processors
 * of ViT, DeiT, Bit, CLIP and SigLIP with their PIL backend, which transformers uses without torchvision. With torchvision, bytes may
 * differ by about one, because torchvision resizes differently.
 *
 * Throws `invalid_argument` for an invalid image, and `limit_exceeded` for one that is too large or too narrow.
 */
export function prepareImage(image: RgbaImage, config: PreprocessorConfig): RgbImage {
  const rgb = withoutAlpha(checked(image), config.do_convert_rgb);
  const { resize: resized, crop_size } = config;
  const whole = resized === undefined ? rgb : resize(rgb, newSize(rgb, resized.size), resized.resample);
  return crop_size === undefined ? whole : centerCrop(whole, crop_size);
}

/** Returns pixel values, (3, height, width): bytes rescaled and normalised, with each step rounded as in transformers' PIL backend. */
export function pixelValues(
  { height, width, data }: RgbImage,
  { rescale_factor, normalize }: Scaling,
): Float32Array<ArrayBuffer> {
  const size = height * width;
  const values = new Float32Array(CHANNELS * size);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const mean = Math.fround(normalize?.image_mean[channel] ?? 0);
    const std = Math.fround(normalize?.image_std[channel] ?? 1);
    const table = Float32Array.from({ length: 256 }, (_, byte) => {
      return Math.fround(Math.fround(byte * rescale_factor) - mean) / std;
    });
    for (let i = 0; i < size; i++) values[channel * size + i] = table[data[CHANNELS * i + channel] as number] as number;
  }
  return values;
}

/** Returns the image with the bytes whose `pixelValues` are nearest to the given ones. */
export function imageOfValues({ height, width, data }: PixelValues, { rescale_factor, normalize }: Scaling): RgbImage {
  const size = height * width;
  // This array rounds each number to the nearest byte, from 0 to 255.
  const bytes = new Uint8ClampedArray(CHANNELS * size);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const mean = normalize?.image_mean[channel] ?? 0;
    const std = normalize?.image_std[channel] ?? 1;
    for (let i = 0; i < size; i++) {
      bytes[CHANNELS * i + channel] = ((data[channel * size + i] as number) * std + mean) / rescale_factor;
    }
  }
  return { height, width, data: bytesOf(bytes) };
}

function checked(image: RgbaImage): RgbaImage {
  const { width, height, data } = image;
  const isImage = [width, height].every((edge) => Number.isSafeInteger(edge) && edge > 0);
  if (!isImage || data.length !== 4 * width * height) {
    const message = `expected an image of width·height·4 bytes, got ${width}×${height} with ${data.length} bytes`;
    throw new WebVeraError('invalid_argument', message, { hint: 'Pass an ImageData, for example.' });
  }
  expectModestImage(image);
  return image;
}

function withoutAlpha({ width, height, data }: RgbaImage, overWhite: boolean): RgbImage {
  const rgb = new Uint8Array(CHANNELS * width * height);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += CHANNELS) {
    const alpha = overWhite ? (data[from + 3] as number) : 255;
    rgb[to] = blended(data[from] as number, alpha);
    rgb[to + 1] = blended(data[from + 1] as number, alpha);
    rgb[to + 2] = blended(data[from + 2] as number, alpha);
  }
  return { width, height, data: rgb };
}

/** Blends a colour byte over white, with the integer arithmetic of PIL's `alpha_composite`. */
function blended(byte: number, alpha: number): number {
  if (alpha === 255) return byte;
  const sum = (byte * alpha + 255 * (255 - alpha) + 128) << ALPHA_BITS;
  return (((sum >> 8) + sum) >> 8) >> ALPHA_BITS;
}

function newSize({ height, width }: ImageSize, size: ImageSize | ShortestEdge): ImageSize {
  if (!('shortest_edge' in size)) return size;
  const short = size.shortest_edge;
  const long = Math.trunc((short * Math.max(height, width)) / Math.min(height, width));
  if (long > MAX_LONGEST) {
    const message = `expected an image whose longer edge is at most ${MAX_LONGEST} pixels after resizing, got ${width}×${height}`;
    throw new WebVeraError('limit_exceeded', message, { hint: 'Crop the image first.' });
  }
  return width <= height ? { height: long, width: short } : { height: short, width: long };
}

function centerCrop(image: RgbImage, { height, width }: ImageSize): RgbImage {
  const [top, left] = [Math.floor((image.height - height) / 2), Math.floor((image.width - width) / 2)];
  const data = new Uint8Array(CHANNELS * height * width);
  const [first, last] = [Math.max(0, left), Math.min(image.width, left + width)];
  for (let y = Math.max(0, -top); y < Math.min(height, image.height - top); y++) {
    const from = (y + top) * image.width;
    const part = image.data.subarray(CHANNELS * (from + first), CHANNELS * (from + last));
    data.set(part, CHANNELS * (y * width + first - left));
  }
  return { height, width, data };
}
