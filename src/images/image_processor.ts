import { WebVeraError } from '../core/errors/error';
import type { DecodeImage, ImageNumbers, RgbImage, SentImage } from '../core/types/image';
import { imageOfValues, type PixelValues, pixelValues, prepareImage } from './preprocess';
import type { PreprocessorConfig } from './preprocessor_config';

/** Pixels that a slow device resizes in a second. */
const PIXELS_PER_SECOND = 2 ** 23;

interface ImageProcessorOptions {
  /** Without it images in files are refused. */
  readonly decode?: DecodeImage | undefined;
  /** Told before work of about so many seconds is done in one go. */
  readonly quiet?: ((seconds: number) => void) | undefined;
}

/** What a model's preprocessor_config.json says, done. */
export class ImageProcessor {
  readonly #config: PreprocessorConfig;
  readonly #options: ImageProcessorOptions;

  constructor(config: PreprocessorConfig, options: ImageProcessorOptions = {}) {
    this.#config = config;
    this.#options = options;
  }

  /** What bytes become numbers by: two of the same bytes and these are the same to a model. */
  get scaling(): Float64Array<ArrayBuffer> {
    const { rescale_factor, normalize } = this.#config;
    return Float64Array.of(rescale_factor, ...(normalize?.image_mean ?? []), ...(normalize?.image_std ?? []));
  }

  /** The same by name. */
  get numbers(): ImageNumbers {
    const { rescale_factor, normalize } = this.#config;
    const { image_mean = [0, 0, 0], image_std = [1, 1, 1] } = normalize ?? {};
    return { rescale_factor, image_mean, image_std };
  }

  /**
   * The bytes that a model is shown. Rejects with `invalid_format` for a file that holds no image, `invalid_argument` for one where
   * nothing decodes it, `limit_exceeded` for what is too large, and what the signal is aborted with.
   */
  async prepare(image: SentImage, signal: AbortSignal): Promise<RgbImage> {
    const pixels = image instanceof Blob ? await this.#decode(image, signal) : image;
    this.#options.quiet?.((pixels.width * pixels.height) / PIXELS_PER_SECOND);
    return prepareImage(pixels, this.#config);
  }

  /** (3, height, width) */
  pixelValues(image: RgbImage): Float32Array<ArrayBuffer> {
    return pixelValues(image, this.#config);
  }

  /** The image of such numbers, as near as bytes come to it. */
  imageOf(values: PixelValues): RgbImage {
    return imageOfValues(values, this.#config);
  }

  async #decode(file: Blob, signal: AbortSignal) {
    const { decode } = this.#options;
    if (decode !== undefined) return decode(file, signal);
    throw new WebVeraError(
      'invalid_argument',
      'expected pixels, because nothing decodes image files here, got a Blob',
      {
        hint: 'Pass { data, width, height } as ImageData has them, with four bytes for each pixel, or pixel_values.',
      },
    );
  }
}
