import { WebVeraError } from '../../core/errors/error';
import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { elementwise, elementwiseBackward, elementwiseForward } from './elementwise';

const numbers = { cap: 'f32' } as const;

export const softcapForward = elementwiseForward({ name: 'softcap', with: ['safe_tanh'], flops: 20, numbers });
export const softcapBackward = elementwiseBackward({
  name: 'softcap_backward',
  with: ['safe_tanh'],
  flops: 24,
  numbers,
});

/**
 * cap · tanh(x / cap): approximately x near 0, and always within ±cap. With a cap of 1 it is torch's `Tanh`. Throws `invalid_argument`
 * unless `cap` is a positive number.
 */
export function softcap(g: Graph, x: Value, cap: number): Value {
  if (!(cap > 0 && Number.isFinite(cap))) {
    throw new WebVeraError('invalid_argument', `softcap cap: expected a positive number, got ${cap}`);
  }
  return elementwise(g, x, softcapForward, softcapBackward, { size: numel(x.shape), cap });
}
