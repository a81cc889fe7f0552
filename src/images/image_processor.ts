import { WebVeraError } from '../core/errors/error';
import type { DecodeImage, ImageNumbers, RgbImage, SentImage } from '../core/types/image';
import { imageOfValues, type PixelValues, pixelValues, prepareImage } from './preprocess';
import type { PreprocessorConfig } from './preprocessor_config';

/** The number of pixels that a slow device resizes per second. */
const PIXELS_PER_SECOND = 2 ** 23;

interface ImageProcessorOptions {
  /** Decodes image files. Without a decoder, `prepare` rejects them. */
  readonly decode?: DecodeImage | undefined;
  /** Called before synchronous work, with its estimated duration in seconds. */
  readonly quiet?: ((seconds: number) => void) | undefined;
}

/**
 * The image processor of a model's folder; undefined if the folder has none. If its settings aren't supported or don't fit the model, this
 * is the error that is thrown for images. `pixel_values` are accepted even then, because they need no preprocessing.
 */
export type LoadedProcessor = ImageProcessor | WebVeraError | undefined;

/** Preprocesses images as specified in a model's preprocessor_config.json. */
export class ImageProcessor {
  readonly #config: PreprocessorConfig;
  readonly #options: ImageProcessorOptions;

  constructor(config: PreprocessorConfig, options: ImageProcessorOptions = {}) {
    this.#config = config;
    this.#options = options;
  }

  /**
   * The factor, means and standard deviations that convert bytes to pixel values. If two images are equal in bytes and in these values, a
   * model's input is the same for both.
   */
  get scaling(): Float64Array<ArrayBuffer> {
    const { rescale_factor, normalize } = this.#config;
    return Float64Array.of(rescale_factor, ...(normalize?.image_mean ?? []), ...(normalize?.image_std ?? []));
  }

  /** The factor, means and standard deviations under transformers' names. */
  get numbers(): ImageNumbers {
    const { rescale_factor, normalize } = this.#config;
    const { image_mean = [0, 0, 0], image_std = [1, 1, 1] } = normalize ?? {};
    return { rescale_factor, image_mean, image_std };
  }

  /**
   * Decodes a file if necessary, and returns the image at the model's input size. Rejects with `invalid_format` for a file that is not an
   * image, `invalid_argument` for a file without a decoder, `limit_exceeded` for an image that is too large, and with the signal's reason.
   */
  async prepare(image: SentImage, signal: AbortSignal): Promise<RgbImage> {
    const pixels = image instanceof Blob ? await this.#decode(image, signal) : image;
    this.#options.quiet?.((pixels.width * pixels.height) / PIXELS_PER_SECOND);
    return prepareImage(pixels, this.#config);
  }

  /** Returns the model's input for an image, (3, height, width). */
  pixelValues(image: RgbImage): Float32Array<ArrayBuffer> {
    return pixelValues(image, this.#config);
  }

  /** Returns the image with the bytes that are nearest to the given pixel values. */
  imageOf(values: PixelValues): RgbImage {
    return imageOfValues(values, this.#config);
  }

  async #decode(file: Blob, signal: AbortSignal) {
    const { decode } = this.#options;
    if (decode !== undefined) return decode(file, signal);
    const message = 'expected pixels, because nothing decodes image files here, got a Blob';
    throw new WebVeraError('invalid_argument', message, {
      hint: 'Pass { data, width, height } as in ImageData, with four bytes for each pixel, or pixel_values.',
    });
  }
}
