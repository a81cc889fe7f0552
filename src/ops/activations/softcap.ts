import { WebVeraError } from '../../core/errors/error';
import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

export const softcapForward = flatKernel({
  name: 'softcap',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size', cap: 'f32' },
  with: ['safe_tanh'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 20 * size,
});

export const softcapBackward = flatKernel({
  name: 'softcap_backward',
  bindings: { x: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size', cap: 'f32' },
  with: ['safe_tanh'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 24 * size,
});

/**
 * cap · tanh(x / cap): approximately x near 0, and always within ±cap. With a cap of 1 it is torch's `Tanh`. Throws `invalid_argument`
 * unless `cap` is a positive number.
 */
export function softcap(g: Graph, x: Value, cap: number): Value {
  if (!(cap > 0 && Number.isFinite(cap))) {
    throw new WebVeraError('invalid_argument', `softcap cap: expected a positive number, got ${cap}`);
  }
  const size = numel(x.shape);
  const { y } = g.emit(softcapForward, { x }, { y: x.shape }, { size, cap });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(softcapBackward, { x, dy }, { dx: x.shape }, { size, cap }).dx, toX),
  ]);
  return y;
}
