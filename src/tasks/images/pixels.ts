import { WebVeraError } from '../../core/errors/error';
import { formatShape, sameShape } from '../../core/numbers/shape';
import type { RgbImage, SentImage } from '../../core/types/image';
import type { SentExample } from '../../core/types/training';
import type { ImageProcessor, LoadedProcessor } from '../../images/image_processor';
import type { ImageSizes } from '../../models/architecture';
import { placed } from '../reading/placed_examples';

/** Bytes (H, W, 3) if the image processor prepared the image; float32 values (C, H, W) if the caller passed `pixel_values`. */
export type Pixels = Uint8Array | Float32Array;

export interface PixelOptions {
  readonly image: ImageSizes;
  readonly processor: LoadedProcessor;
  readonly signal: AbortSignal;
}

/**
 * Returns the pixels of an example with or without a label. Rejects with `invalid_argument`, with `invalid_format` for bytes that hold no
 * image, with `limit_exceeded` for an image that is too large, with the errors of `expectProcessor`, and with the signal's reason.
 */
export async function pixelsOf(example: SentExample, where: string, options: PixelOptions): Promise<Pixels> {
  if ('image' in example) return preparedPixels(example.image, `${where}: image`, options);
  return givenPixels(example, where, options);
}

type PixelFormat = Omit<PixelOptions, 'signal'>;

/** Checks an example without decoding its image. Throws the same errors as `pixelsOf`, except those of decoding. */
export function expectPixels(example: SentExample, where: string, format: PixelFormat): void {
  if (!('image' in example)) {
    givenPixels(example, where, format);
    return;
  }
  try {
    expectProcessor(format.processor);
  } catch (error) {
    throw placed(error, `${where}: image`);
  }
}

function givenPixels(
  example: Exclude<SentExample, { readonly image: unknown }>,
  where: string,
  options: PixelFormat,
): Pixels {
  if ('prepared' in example) return keptPixels(example.prepared, `${where}: prepared`, options);
  if (!('pixel_values' in example)) throw noImage(where, `an image, got ${kindOf(example)}`);
  const { dims, data } = example.pixel_values;
  const [first, ...others] = dims;
  expectImage(dims.length === 4 && first === 1 ? others : dims, options.image, `${where}: pixel_values`);
  const odd = data.find((number) => !Number.isFinite(number));
  if (odd !== undefined) {
    throw new WebVeraError('invalid_argument', `${where}: pixel_values: expected finite numbers, got ${odd}`);
  }
  return data;
}

async function preparedPixels(
  given: SentImage,
  where: string,
  { image, processor, signal }: PixelOptions,
): Promise<Uint8Array> {
  try {
    const { height, width, data } = await expectProcessor(processor).prepare(given, signal);
    expectImage([data.length / (height * width), height, width], image, 'as the image processor makes it');
    return data;
  } catch (error) {
    throw placed(error, where);
  }
}

/** Returns the pixels of an image that was prepared earlier, such as a profile's stored image. */
function keptPixels({ height, width, data }: RgbImage, where: string, { image, processor }: PixelFormat): Uint8Array {
  expectProcessor(processor);
  expectImage([data.length / (height * width), height, width], image, where);
  return data;
}

/**
 * Converts an image's pixels to the float32 values that the model reads: (C, H, W). Throws the errors of `expectProcessor` for bytes.
 */
export function pixelNumbers(pixels: Pixels, { size }: ImageSizes, processor: LoadedProcessor): Float32Array {
  if (!(pixels instanceof Uint8Array)) return pixels;
  return expectProcessor(processor).pixelValues({ height: size, width: size, data: pixels });
}

/** Returns the image processor. Throws `processor` if it is an error (see `LoadedProcessor`), and `invalid_argument` if there is none. */
export function expectProcessor(processor: LoadedProcessor): ImageProcessor {
  if (processor instanceof WebVeraError) throw processor;
  if (processor !== undefined) return processor;
  throw new WebVeraError(
    'invalid_argument',
    'expected pixel_values, because images are prepared in three channels only',
    {
      hint: FORM,
    },
  );
}

export function expectImage(dims: readonly number[], { channels, size }: ImageSizes, what: string): void {
  const expected = [channels, size, size];
  if (sameShape(dims, expected)) return;
  const message = `${what}: expected dims ${formatShape(expected)}, as the model's files say, got ${formatShape(dims)}`;
  throw new WebVeraError('invalid_argument', message, { hint: 'Resize images to what the model was trained on.' });
}

export function noImage(where: string, expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected ${expected}`, { hint: FORM });
}

function kindOf(example: object): string {
  if ('text' in example) return 'a text';
  return 'messages' in example ? 'a conversation' : `an object with ${Object.keys(example).slice(0, 4).join(', ')}`;
}

const FORM =
  'An image is a Blob, ImageData, or a canvas, <img>, ImageBitmap or VideoFrame: predict and embed take it as it is, and an example is { image, label }, ' +
  'or { pixel_values: { dims: [channels, height, width], data }, label }.';
