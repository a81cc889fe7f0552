import { type Drawable, drawSquare, MOST_PICTURE_BYTES } from '../../../src/parts/pictures';
import { ChoiceProblem } from '../library/choice_problem';

/** Width and height of a stored picture in pixels. The model's input is smaller. */
export const SIDE = 112;
/** Draws the middle square of a picture on a white canvas. */
export function squareOf(picture: Drawable): HTMLCanvasElement {
  const { canvas, context } = blankSquare();
  drawSquare(context, picture, SIDE);
  return canvas;
}

export function blankSquare(): { readonly canvas: HTMLCanvasElement; readonly context: CanvasRenderingContext2D } {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = contextOf(canvas);
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, SIDE, SIDE);
  return { canvas, context };
}

export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser gives the page no canvas.');
  return context;
}

export function pixelsOf(canvas: HTMLCanvasElement): ImageData {
  return contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height);
}

/** Encodes a canvas as PNG, without loss. */
export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const take = (blob: Blob | null): void =>
      blob === null ? reject(new Error('This browser makes no PNG files.')) : resolve(blob);
    canvas.toBlob(take, 'image/png');
  });
}

/** Reads a visitor's file as a square. Throws `ChoiceProblem` if the browser can't read it. */
export async function readSquare(file: Blob, name: string): Promise<HTMLCanvasElement> {
  if (file.size > MOST_PICTURE_BYTES) throw new ChoiceProblem(`${name} is larger than 20 MB.`);
  const source = await createImageBitmap(file).catch(() => undefined);
  if (source === undefined) throw new ChoiceProblem(`${name} is no picture that this browser can read.`);
  try {
    return squareOf({ source, width: source.width, height: source.height });
  } finally {
    source.close();
  }
}
