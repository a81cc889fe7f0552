import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

export const siluForward = flatKernel({
  name: 'silu',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size', slope: 'f32' },
  with: ['sigmoid'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 5 * size,
});

export const siluBackward = flatKernel({
  name: 'silu_backward',
  bindings: { x: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size', slope: 'f32' },
  with: ['sigmoid'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 8 * size,
});

/** SiLU, also called swish: x · σ(x). With a slope s it is x · σ(s · x): an approximation of GELU for 1.702. */
export function silu(g: Graph, x: Value, slope = 1): Value {
  const size = numel(x.shape);
  const { y } = g.emit(siluForward, { x }, { y: x.shape }, { size, slope });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(siluBackward, { x, dy }, { dx: x.shape }, { size, slope }).dx, toX),
  ]);
  return y;
}
