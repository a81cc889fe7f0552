/** The largest image file that is read, in bytes. */
export const MOST_PICTURE_BYTES = 2e7;

/** An image, video frame or canvas, with its size in pixels. */
export interface Drawable {
  readonly source: CanvasImageSource;
  readonly width: number;
  readonly height: number;
}

/** Draws the central square of a picture, scaled to `side` pixels. */
export function drawSquare(context: CanvasRenderingContext2D, { source, width, height }: Drawable, side: number): void {
  const edge = Math.min(width, height);
  context.drawImage(source, (width - edge) / 2, (height - edge) / 2, edge, edge, 0, 0, side, side);
}
