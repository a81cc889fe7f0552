import { WebVeraError } from '../../core/errors/error';
import type { Tensor } from '../../core/types/tensor';
import type { RawTensor } from '../../formats/tensors/safetensors';
import { toFloat32 } from '../../formats/tensors/values';
import { LARGEST_VALUE } from '../config/largest_value';

export const MODEL_FILE = 'adapter_model.safetensors';

/** Converts a tensor of a file to f32. Throws `invalid_format` for values that are not finite, or larger than `largest`. */
export function toTensor(name: string, raw: RawTensor | undefined, largest: number): Tensor {
  if (raw === undefined) throw new WebVeraError('internal', `${name} was read before it was looked for`);
  const data = toFloat32(raw);
  const wrong = findWrong(data, largest);
  if (wrong === undefined) return { dims: raw.shape, data };
  throw new WebVeraError('invalid_format', `${MODEL_FILE}: ${name}: ${expectedValues(largest)}, got ${wrong}`, {
    hint: 'The training that made this file diverged, or the file is damaged.',
  });
}

function findWrong(data: Float32Array, largest: number): number | undefined {
  return data.find((value) => !Number.isFinite(value) || Math.abs(value) > largest);
}

function expectedValues(largest: number): string {
  return `expected finite values${largest === Number.POSITIVE_INFINITY ? '' : ` of at most ${largest}`}`;
}

/** Throws `numerical_error` for values that `toTensor` would reject, so that such values are never written. */
export function expectWritable(name: string, data: Float32Array, largest: number): void {
  const wrong = findWrong(data, largest);
  if (wrong === undefined) return;
  throw new WebVeraError('numerical_error', `${name}: ${expectedValues(largest)}, got ${wrong}`, {
    hint: 'This adapter could not be loaded again. Go back to a checkpoint, or train with a smaller learning_rate.',
  });
}

/** Throws `invalid_argument` if a weighted sum of adapters contains values that `toTensor` would reject when the sum is loaded. */
export function expectLoadableSum(data: Float32Array): void {
  const wrong = findWrong(data, LARGEST_VALUE);
  if (wrong === undefined) return;
  throw new WebVeraError('invalid_argument', `weights: expected a sum of at most ${LARGEST_VALUE}, got ${wrong}`, {
    hint: 'An adapter with larger values could not be loaded again. Use smaller weights.',
  });
}
