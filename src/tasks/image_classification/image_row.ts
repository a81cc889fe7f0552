import { holdsImage } from '../../core/types/example';
import type { GivenImages } from '../../core/types/tensor';
import type { ImageExample, SentExample } from '../../core/types/training';
import type { ImageSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import { givenTargets, labelOf, targetsOf } from '../classification/example_labels';
import { noTarget, type RowTarget } from '../classification/row_targets';
import { expectImage, noImage, type PixelOptions, type Pixels, pixelsOf } from '../images/pixels';

/** An image and its targets. */
export interface ImageRow extends RowTarget {
  readonly pixels: Pixels;
}

interface GivenOptions {
  readonly image: ImageSizes;
  readonly labels: Labels;
}

export interface ImageRowOptions extends PixelOptions {
  readonly labels: Labels;
}

/**
 * Makes a row of an example. `where` names the example in error messages. Rejects with `invalid_argument`, with `invalid_format` for bytes
 * that hold no image, with `limit_exceeded` for an image that is too large, and with the signal's reason.
 */
export async function imageRow(example: SentExample, where: string, options: ImageRowOptions): Promise<ImageRow> {
  const label = labelOf(example, options.labels);
  if (label === undefined) throw noImage(where, 'an image with a label');
  const targets = targetsOf(label, options.labels, where);
  return { pixels: await pixelsOf(example, where, options), targets, weight: 1 };
}

/**
 * Converts an example to the form that profiles store: pixels at the model's image size. Rejects as `imageRow` does, and with
 * `invalid_argument` for `pixel_values`, whose scaling is unknown.
 */
export async function keptExample(example: SentExample, where: string, options: ImageRowOptions): Promise<SentExample> {
  const { pixels } = await imageRow(example, where, options);
  if (!(pixels instanceof Uint8Array)) throw noImage(where, 'an image, as no pixel_values are kept');
  const { size } = options.image;
  const { label, labels }: Pick<ImageExample, 'label' | 'labels'> = holdsImage(example) ? example : {};
  const told = { ...(label !== undefined && { label }), ...(labels !== undefined && { labels }) };
  return { prepared: { height: size, width: size, data: pixels }, ...told };
}

/** Returns the inputs of `forward` as rows. Throws `invalid_argument` for pixels and labels that don't fit the model. */
export function givenImages(inputs: GivenImages, { image, labels }: GivenOptions): readonly ImageRow[] {
  const { dims, data } = inputs.pixel_values;
  const [B, ...shape] = dims;
  expectImage(shape, image, 'pixel_values: of each row');
  const targets = inputs.labels && givenTargets(inputs.labels, labels, B);
  const none = noTarget(labels);
  const length = data.length / B;
  return Array.from({ length: B }, (_, row) => ({
    pixels: data.subarray(row * length, (row + 1) * length),
    targets: targets?.[row] ?? none.targets,
    weight: 1,
  }));
}
