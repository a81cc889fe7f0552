import {
  AutoModelForImageClassification,
  type ModelSource,
  type PreTrainedModel,
  type RgbaImage,
} from '../../../src/index';
import { folderFiles } from '../golden/golden';
import type { TestSession } from '../session/session';

/** The bundled ViT's folder. It takes images of 28×28. */
export const vit = folderFiles(new URL('../../../demo/public/models/vit-pictures-1.4M/', import.meta.url));
export const id2label = { 0: 'stripes', 1: 'squares' };

/** The ViT with a new head for stripes and squares. */
export function loadVit(
  { session }: Pick<TestSession, 'session'>,
  source: ModelSource = vit,
): Promise<PreTrainedModel> {
  return AutoModelForImageClassification.from_pretrained(source, { session, id2label, ignore_mismatched_sizes: true });
}

/** Stripes or squares of eight pixels, shifted by `first`. The image has another size than the model takes. */
export function drawn(kind: 'stripes' | 'squares', first: number): RgbaImage {
  const [width, height] = [40, 44];
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isOdd = Math.floor((x + first) / 8) + (kind === 'squares' ? Math.floor((y + first) / 8) : 0);
      data.fill(isOdd % 2 === 0 ? 30 : 220, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  return { width, height, data };
}
