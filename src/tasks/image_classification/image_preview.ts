import type { ImagePreview } from '../../core/types/preview';
import type { SentExample } from '../../core/types/training';
import { withAlpha } from '../../images/with_alpha';
import { previewLabel } from '../classification/example_labels';
import { expectProcessor, pixelsOf } from '../images/pixels';
import type { ImageRowOptions } from './image_row';

/**
 * Returns an example, with or without a label, as an image classifier receives it. Rejects with the errors of `imageRow`, and
 * with those of `expectProcessor` also for `pixel_values`, because only an image processor can undo their scaling.
 */
export async function previewOfImage(
  example: SentExample,
  where: string,
  options: ImageRowOptions,
): Promise<ImagePreview> {
  const { labels, image, processor } = options;
  const pixels = await pixelsOf(example, where, options);
  const preparing = expectProcessor(processor);
  const size = { height: image.size, width: image.size };
  const shown = pixels instanceof Uint8Array ? { ...size, data: pixels } : preparing.imageOf({ ...size, data: pixels });
  const data = pixels instanceof Uint8Array ? preparing.pixelValues(shown) : Float32Array.from(pixels);
  return {
    image: withAlpha(shown),
    pixel_values: { dims: [image.channels, image.size, image.size], data },
    label: previewLabel(example, labels, where),
  };
}
