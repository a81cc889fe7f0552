import type { ImageSizes } from '../../models/architecture';
import type { Pixels } from '../images/pixels';
import type { RowView } from '../task/task_head';
import type { ImageRow } from './image_row';

/** Images are shifted by their size divided by this number. */
const PART = 28;
const SIDES = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;

/** Returns the views of images: copies, each shifted in another direction, with the pixels at the image's edge repeated. */
export function movedImages(image: ImageSizes): readonly RowView<ImageRow>[] {
  const distance = Math.max(1, Math.round(image.size / PART));
  return SIDES.map(([x, y]) => ({
    of: (row) => ({ ...row, pixels: moved(row.pixels, image, x * distance, y * distance) }),
  }));
}

function moved(pixels: Pixels, { size, channels }: ImageSizes, right: number, down: number): Pixels {
  const to = pixels.slice();
  // Pixels as bytes have the layout (H, W, 3), and as float32 (C, H, W).
  const [ofPixel, ofChannel] = pixels instanceof Uint8Array ? [channels, 1] : [1, size * size];
  const inside = (at: number): number => Math.min(Math.max(at, 0), size - 1);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const from = (inside(y - down) * size + inside(x - right)) * ofPixel;
      const place = (y * size + x) * ofPixel;
      for (let channel = 0; channel < channels; channel++) {
        to[place + channel * ofChannel] = pixels[from + channel * ofChannel] as number;
      }
    }
  }
  return to;
}
