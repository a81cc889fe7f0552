/** An image as a canvas returns it: red, green, blue and alpha of each pixel, not premultiplied. `ImageData` has these properties. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  /** (height, width, 4) */
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** An image that is resized to the model's input size. Its bytes aren't yet converted to the numbers that the model receives. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** (height, width, 3) */
  readonly data: Uint8Array;
}

/** An image as it is sent to the worker: a file that the browser can decode, such as a PNG or a JPEG, or its pixels. */
export type SentImage = Blob | RgbaImage;

/**
 * A picture that a page shows. Its pixels are copied when the example is read (an `<img>` at the size of its file) and held in memory
 * during a run, so pass large photographs as files. A picture from another server can be read only if that server allows it (CORS).
 */
export type ShownImage = HTMLCanvasElement | OffscreenCanvas | HTMLImageElement | ImageBitmap | VideoFrame;

/**
 * An image: a file that the browser can decode, such as a PNG or a JPEG, its pixels, or a picture that a page shows. Files are decoded
 * without colour conversion; shown pictures have the colours that the browser shows.
 */
export type ImageInput = SentImage | ShownImage;

/**
 * Decodes an image file. The image is turned upright, and its colour profile is ignored. Rejects with `invalid_format` for a file that is
 * not an image, with `limit_exceeded` for an image that is too large, and with the signal's reason.
 */
export type DecodeImage = (file: Blob, signal: AbortSignal) => Promise<RgbaImage>;

/** Whether a value has the properties of an `ImageData`. The types of the properties aren't checked. */
export function looksLikeImage(value: unknown): value is { readonly [Key in keyof RgbaImage]: unknown } {
  return typeof value === 'object' && value !== null && 'data' in value && 'width' in value && 'height' in value;
}

/** How an image's bytes are converted to numbers: (byte · rescale_factor − mean) / std. The names are those of transformers. */
export interface ImageNumbers {
  readonly rescale_factor: number;
  /** One number each for red, green and blue. */
  readonly image_mean: readonly number[];
  readonly image_std: readonly number[];
}
