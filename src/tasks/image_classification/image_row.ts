import { WebVeraError } from '../../core/errors/error';
import { formatShape, sameShape } from '../../core/numbers/shape';
import { holdsImage } from '../../core/types/example';
import type { RgbImage, SentImage } from '../../core/types/image';
import type { GivenImages } from '../../core/types/tensor';
import type { ImageExample, SentExample } from '../../core/types/training';
import type { ImageProcessor } from '../../images/image_processor';
import type { ImageSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import { givenTargets, labelOf, targetsOf } from '../classification/example_labels';
import { noTarget, type RowTarget } from '../classification/row_targets';
import { placed } from '../reading/placed_examples';

/** An image and its targets. */
export interface ImageRow extends RowTarget {
  /** Bytes (H, W, 3) if the image was prepared here; numbers (C, H, W) if the caller passed `pixel_values`. */
  readonly pixels: Uint8Array | Float32Array;
}

interface GivenOptions {
  readonly image: ImageSizes;
  readonly labels: Labels;
}

export interface ImageRowOptions extends GivenOptions {
  readonly processor: ImageProcessor | undefined;
  readonly signal: AbortSignal;
}

/**
 * An example as a row. `where` names it in messages. Rejects with `invalid_argument`, `invalid_format` and `limit_exceeded` for bytes
 * that hold no image or too large a one, and with the signal's reason.
 */
export async function imageRow(example: SentExample, where: string, options: ImageRowOptions): Promise<ImageRow> {
  const label = labelOf(example, options.labels);
  if (label === undefined) throw invalid(where, 'an image with a label');
  const targets = targetsOf(label, options.labels, where);
  return { pixels: await pixelsOf(example, where, options), targets, weight: 1 };
}

/** The pixels of an example with or without a label. Rejects as `imageRow` does. */
export async function pixelsOf(
  example: SentExample,
  where: string,
  options: Omit<ImageRowOptions, 'labels'>,
): Promise<ImageRow['pixels']> {
  if ('image' in example) return preparedPixels(example.image, `${where}: image`, options);
  if ('prepared' in example) return keptPixels(example.prepared, `${where}: prepared`, options);
  if (!('pixel_values' in example)) throw invalid(where, 'an image');
  const { dims, data } = example.pixel_values;
  const [first, ...others] = dims;
  expectImage(dims.length === 4 && first === 1 ? others : dims, options.image, `${where}: pixel_values`);
  const odd = data.find((number) => !Number.isFinite(number));
  if (odd !== undefined) {
    throw new WebVeraError('invalid_argument', `${where}: pixel_values: expected finite numbers, got ${odd}`);
  }
  return data;
}

async function preparedPixels(
  given: SentImage,
  where: string,
  { image, processor, signal }: Omit<ImageRowOptions, 'labels'>,
): Promise<Uint8Array> {
  try {
    const { height, width, data } = await expectProcessor(processor).prepare(given, signal);
    expectImage([data.length / (height * width), height, width], image, 'as preprocessor_config.json makes it');
    return data;
  } catch (error) {
    throw placed(error, where);
  }
}

/** The pixels of an image that was prepared before. */
function keptPixels(
  { height, width, data }: RgbImage,
  where: string,
  { image, processor }: Omit<ImageRowOptions, 'labels'>,
): Uint8Array {
  expectProcessor(processor);
  expectImage([data.length / (height * width), height, width], image, where);
  return data;
}

/**
 * An example in the form that profiles store: pixels of the model's size. Rejects as `imageRow` does, and with `invalid_argument` for
 * `pixel_values`, whose scaling is unknown.
 */
export async function keptExample(example: SentExample, where: string, options: ImageRowOptions): Promise<SentExample> {
  const { pixels } = await imageRow(example, where, options);
  if (!(pixels instanceof Uint8Array)) throw invalid(where, 'an image, as no pixel_values are kept');
  const { size } = options.image;
  const { label, labels }: Pick<ImageExample, 'label' | 'labels'> = holdsImage(example) ? example : {};
  const told = { ...(label !== undefined && { label }), ...(labels !== undefined && { labels }) };
  return { prepared: { height: size, width: size, data: pixels }, ...told };
}

/** Throws `invalid_argument` without one. */
export function expectProcessor(processor: ImageProcessor | undefined): ImageProcessor {
  if (processor !== undefined) return processor;
  throw new WebVeraError(
    'invalid_argument',
    'expected pixel_values, because images are prepared in three channels only',
    {
      hint: FORM,
    },
  );
}

/** The inputs of `forward` as rows. Throws `invalid_argument` for pixels and labels that don't fit the model. */
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

function expectImage(dims: readonly number[], { channels, size }: ImageSizes, what: string): void {
  const expected = [channels, size, size];
  if (sameShape(dims, expected)) return;
  const message = `${what}: expected dims ${formatShape(expected)} by config.json, got ${formatShape(dims)}`;
  throw new WebVeraError('invalid_argument', message, { hint: 'Resize images to what the model was trained on.' });
}

function invalid(where: string, expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected ${expected}`, { hint: FORM });
}

const FORM = 'An example is { image, label } or { pixel_values: { dims: [channels, height, width], data }, label }.';
