import { create } from './dom';

/** Pixels of an edge. */
const SIDE = 96;
const MOST_BYTES = 2e7;

/**
 * A visitor's picture, small: the middle of it. Undefined for what is no picture that the browser can read. It is drawn, as a page's
 * policy may let it show no image of its own.
 */
export async function thumbnailOf(file: Blob, name: string): Promise<HTMLCanvasElement | undefined> {
  if (file.size > MOST_BYTES) return undefined;
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  const canvas = create('canvas', { width: SIDE, height: SIDE, attributes: { role: 'img', 'aria-label': name } });
  const { width, height } = bitmap;
  const side = Math.min(width, height);
  canvas.getContext('2d')?.drawImage(bitmap, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  return canvas;
}

export function unreadable(name: string): string {
  return `${name} is no picture that this browser can read, or larger than 20 MB.`;
}
