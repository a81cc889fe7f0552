import { exampleFields } from '../../core/types/example';
import type { ImagePreview, NamedLabel, Preview, PreviewLabel, PreviewOptions } from '../../core/types/preview';
import type { Example } from '../../core/types/training';
import type { PreviewRequest } from '../../worker/protocol';
import { abortSignal, anyBoolean, checkOptions, defined, integer, orNull, type Rules } from '../session/options';
import { resolveTrainingArguments } from '../training/training_arguments';

export type { ImagePreview, NamedLabel, Preview, PreviewLabel, PreviewOptions };

const rules: Rules<PreviewOptions> = {
  max_length: integer(2),
  completion_only_loss: orNull(anyBoolean),
  signal: abortSignal,
};

/** An example as it is sent. Throws `invalid_argument` for what is none. */
export function previewRequest(example: Example | string, options: PreviewOptions): PreviewRequest {
  checkOptions('preview', options, rules);
  const { signal: _, ...args } = options;
  const given = typeof example === 'string' ? { text: example } : example;
  return { example: exampleFields('preview: example', given), args: resolveTrainingArguments(defined(args)) };
}

/** A preview as a page shows it: a canvas takes only what is an `ImageData`. */
export function shownPreview(preview: Preview | ImagePreview): Preview | ImagePreview {
  if (!('image' in preview) || typeof ImageData === 'undefined') return preview;
  const { width, height, data } = preview.image;
  const image = new ImageData(width, height);
  image.data.set(data);
  return { ...preview, image };
}
