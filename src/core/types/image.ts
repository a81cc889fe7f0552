/** An image as a canvas gives it: red, green, blue and alpha of each pixel, not premultiplied. `ImageData` is one. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  /** (height, width, 4) */
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** An image as a model is shown it: resized to the model's size, as its preprocessing leaves it before numbers are made of it. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** (height, width, 3) */
  readonly data: Uint8Array;
}

/** An image as it crosses to the worker: a file that the browser can decode, such as a PNG or a JPEG, or its pixels. */
export type SentImage = Blob | RgbaImage;

/**
 * A picture that a page shows. Its pixels are copied when its turn comes (an `<img>` at the size of its file) and held in memory while
 * a run goes on, so pass large photographs as files. A picture of another server is read only where that server allows it (CORS).
 */
export type ShownImage = HTMLCanvasElement | OffscreenCanvas | HTMLImageElement | ImageBitmap | VideoFrame;

/**
 * An image: a file that the browser can decode, such as a PNG or a JPEG, its pixels, or what a page shows. Of files every number counts
 * as it is stored; of what is shown, as the browser shows it.
 */
export type ImageInput = SentImage | ShownImage;

/**
 * Decodes a file, as it lies upright, without its colour profile. Rejects with `invalid_format` for what is no image,
 * `limit_exceeded` for one that is too large, and what the signal is aborted with.
 */
export type DecodeImage = (file: Blob, signal: AbortSignal) => Promise<RgbaImage>;

/** Whether a value has the parts of an `ImageData`, whatever they are. */
export function looksLikeImage(value: unknown): value is { readonly [Key in keyof RgbaImage]: unknown } {
  return typeof value === 'object' && value !== null && 'data' in value && 'width' in value && 'height' in value;
}

/** How bytes of images become numbers: (byte · rescale_factor − mean) / std. By transformers' names. */
export interface ImageNumbers {
  readonly rescale_factor: number;
  /** Of red, green and blue. */
  readonly image_mean: readonly number[];
  readonly image_std: readonly number[];
}
