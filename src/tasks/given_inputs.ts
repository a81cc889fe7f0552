import { WebVeraError } from '../core/errors/error';
import type { GivenImages, GivenInputs, GivenTexts } from '../core/types/tensor';

/** Throws `invalid_argument` if a text model gets images. */
export function expectTexts(inputs: GivenInputs): GivenTexts {
  if ('input_ids' in inputs) return inputs;
  throw new WebVeraError('invalid_argument', 'inputs: expected input_ids, as the model reads texts, got pixel_values');
}

/** Throws `invalid_argument` if an image model gets texts. */
export function expectImages(inputs: GivenInputs): GivenImages {
  if ('pixel_values' in inputs) return inputs;
  throw new WebVeraError('invalid_argument', 'inputs: expected pixel_values, as the model sees images, got input_ids');
}
