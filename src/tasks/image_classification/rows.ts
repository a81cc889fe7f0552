import { WebVeraError } from '../../core/error';
import { formatShape, sameShape } from '../../core/shape';
import type { GivenImages } from '../../core/tensor';
import type { Example } from '../../core/training';
import type { ImageSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import { targetOf, targetsOf } from '../classification/labels';

/** An image, and what is to be told of it. */
export interface ImageRow {
  /** (C, H, W) */
  readonly pixel_values: Float32Array;
  /** Its class, or the number to be predicted. */
  readonly target: number;
  /** What its loss is multiplied by. */
  readonly weight: number;
}

export interface ImageRowOptions {
  readonly image: ImageSizes;
  readonly labels: Labels;
}

/** Turns an example into a row. `where` says which one it is. Throws `invalid_argument`. */
export function imageRow(example: Example, where: string, { image, labels }: ImageRowOptions): ImageRow {
  const pixel_values = pixelsOf(example, where, image);
  const label = 'label' in example ? example.label : undefined;
  if (label === undefined) throw invalid(where, 'an image with a label');
  return { pixel_values, target: targetOf(label, labels, where), weight: 1 };
}

/** Of an example, whether or not it has a label. Throws `invalid_argument`. */
export function pixelsOf(example: Example, where: string, image: ImageSizes): Float32Array {
  if (!('pixel_values' in example)) throw invalid(where, 'an image');
  const { dims, data } = example.pixel_values;
  const [first, ...others] = dims;
  expectImage(dims.length === 4 && first === 1 ? others : dims, image, `${where}: pixel_values`);
  const odd = data.find((number) => !Number.isFinite(number));
  if (odd !== undefined) {
    throw new WebVeraError('invalid_argument', `${where}: pixel_values: expected finite numbers, got ${odd}`);
  }
  return data;
}

/** The rows of what a caller of `forward` gives. Throws `invalid_argument` for what the model can't take in. */
export function givenImages(inputs: GivenImages, { image, labels }: ImageRowOptions): readonly ImageRow[] {
  const { dims, data } = inputs.pixel_values;
  const [B, ...shape] = dims;
  expectImage(shape, image, 'pixel_values: of each row');
  const targets = inputs.labels === undefined ? undefined : targetsOf(inputs.labels.data, labels, B);
  const length = data.length / B;
  return Array.from({ length: B }, (_, row) => ({
    pixel_values: data.subarray(row * length, (row + 1) * length),
    target: targets?.[row] ?? 0,
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

const FORM = 'An example is { pixel_values: { dims: [channels, height, width], data }, label }.';
