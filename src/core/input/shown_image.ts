import { WebVeraError } from '../errors/error';
import { wrong } from '../errors/wrong';
import type { RgbaImage, ShownImage } from '../types/image';
import { expectModestImage } from './image_limits';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Functions that return an image's size in pixels, by the name of its class. The size is 0 if the image has no pixels. */
const SIZES: { readonly [name: string]: ((shown: never) => Size) | undefined } = {
  HTMLCanvasElement: sizeOf,
  OffscreenCanvas: sizeOf,
  ImageBitmap: sizeOf,
  HTMLImageElement: ({ naturalWidth: width, naturalHeight: height }: HTMLImageElement) => ({ width, height }),
  VideoFrame: ({ displayWidth: width, displayHeight: height }: VideoFrame) => ({ width, height }),
};

/** Whether a value is an image that a page can show. The value may come from another frame (an iframe). */
export function isShownImage(value: unknown): value is ShownImage {
  return Object.hasOwn(SIZES, classOf(value));
}

/**
 * Reads the pixels of a shown image. Throws `invalid_argument` if the image has no pixels, or if it comes from another server that does not
 * allow pages to read it; `limit_exceeded` if the image is too large. `where` names the image in error messages.
 */
export function pixelsOfShown(where: string, shown: ShownImage): RgbaImage {
  const name = classOf(shown);
  const { width, height } = (SIZES[name] as (shown: ShownImage) => Size)(shown);
  if (name === 'HTMLImageElement' && !(shown as HTMLImageElement).complete) {
    throw wrong(where, 'an <img> that has loaded', 'one that is loading', 'Await it first: await img.decode().');
  }
  if (!(width > 0 && height > 0)) {
    throw wrong(where, 'pixels', `${width}×${height} of ${name}`, HOLDS_NONE[name] ?? HOLDS_NONE.other);
  }
  expectModestImage({ width, height });
  try {
    const context = newContext(width, height);
    context.drawImage(shown, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  } catch (cause) {
    throw unreadable(where, name, cause);
  }
}

const HOLDS_NONE: Readonly<Record<string, string>> = {
  HTMLImageElement: 'Did it fail to load? An SVG needs a width and a height of its own.',
  HTMLCanvasElement: 'Give the canvas a width and a height, and draw on it first.',
  OffscreenCanvas: 'Give the canvas a width and a height, and draw on it first.',
  other: 'It was closed or transferred to another thread. Pass it before that.',
};

function newContext(
  width: number,
  height: number,
): Pick<OffscreenCanvasRenderingContext2D, 'drawImage' | 'getImageData'> {
  const canvas =
    typeof OffscreenCanvas === 'undefined'
      ? Object.assign(document.createElement('canvas'), { width, height })
      : new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D | null;
  if (context !== null) return context;
  throw new WebVeraError('out_of_memory', `There is no room to read an image of ${width}×${height}`, {
    hint: 'Make the image smaller first.',
  });
}

function unreadable(where: string, name: string, cause: unknown): WebVeraError {
  if (cause instanceof WebVeraError) return cause;
  const isForeign = cause instanceof Error && cause.name === 'SecurityError';
  const why = isForeign ? 'a picture of another server' : String(cause instanceof Error ? cause.message : cause);
  return new WebVeraError('invalid_argument', `${where}: expected a ${name} that the page may read, got ${why}`, {
    hint: isForeign
      ? "Load the picture with img.crossOrigin = 'anonymous' from a server that allows it (CORS), before it is drawn anywhere."
      : 'Pass it before it is closed or transferred to another thread.',
    cause,
  });
}

function sizeOf({ width, height }: Size): Size {
  return { width, height };
}

/** Returns the name of a value's class. Unlike `instanceof`, this works for values from another frame. */
function classOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
