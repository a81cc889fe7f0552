import {
  AutoModelForImageClassification,
  type ModelSource,
  type PreTrainedModel,
  type RgbaImage,
} from '../../../src/index';
import { folderFiles } from '../golden/golden';
import type { TestSession } from '../session/session';

/** The folder of the bundled ViT, a model for images of 28×28 pixels. */
export const vit = folderFiles(new URL('../../../demo/public/models/vit-pictures-1.4M/', import.meta.url));
export const id2label = { 0: 'stripes', 1: 'squares' };

/** Loads the ViT with a new head for the labels stripes and squares. */
export function loadVit(
  { session }: Pick<TestSession, 'session'>,
  source: ModelSource = vit,
): Promise<PreTrainedModel> {
  return AutoModelForImageClassification.from_pretrained(source, { session, id2label, ignore_mismatched_sizes: true });
}

/** Draws stripes or squares eight pixels wide, shifted by `first`. The image doesn't have the model's size, so it is resized. */
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
