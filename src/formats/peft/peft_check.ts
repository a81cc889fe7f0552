import { LARGEST_VALUE, type VeraConfig } from '../../adapters/vera/config';
import { WebVeraError } from '../../core/errors/error';
import { sameShape } from '../../core/numbers/shape';
import { defaultLimits } from '../../core/types/source';
import { readSafetensors } from '../tensors/safetensors';
import { choosesProjections } from './peft';
import { MODEL_FILE, toTensor } from './peft_values';

/** Others may be in a file, beside an adapter's own tensors. */
const FLOATS: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];

/**
 * Checks an adapter's tensors without its model: that they are of the configuration's rank, and that all values can be read
 * again. Throws `limit_exceeded`, `invalid_format`.
 */
export function checkAdapterModel(bytes: Uint8Array, { r, save_projection }: VeraConfig, limits = defaultLimits): void {
  const raw = readSafetensors(bytes, limits).tensors;
  choosesProjections(raw, { save_projection }, undefined);
  for (const [name, tensor] of raw) {
    const [, kind = ''] = /(?:^|\.)vera_(lambda_b|lambda_d|A|B)(?:\.|$)/.exec(name) ?? [];
    const { shape } = tensor;
    const isSized =
      kind === '' ||
      (kind === 'lambda_b' && shape.length === 1) ||
      (kind === 'lambda_d' && sameShape(shape, [r])) ||
      (shape.length === 2 && shape[kind === 'A' ? 0 : 1] === r);
    if (!isSized) {
      throw new WebVeraError(
        'invalid_format',
        `${MODEL_FILE}: ${name}: expected a tensor of rank ${r}, got [${shape}]`,
        {
          hint: 'Do both files belong to the same adapter?',
        },
      );
    }
    if (kind !== '' || FLOATS.includes(tensor.dtype)) {
      toTensor(name, tensor, kind === '' ? Number.POSITIVE_INFINITY : LARGEST_VALUE);
    }
  }
}
