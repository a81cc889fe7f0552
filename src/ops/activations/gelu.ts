import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

export const geluForward = flatKernel({
  name: 'gelu',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size' },
  with: ['normal_cdf'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 35 * size,
});

export const geluBackward = flatKernel({
  name: 'gelu_backward',
  bindings: { x: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size' },
  with: ['normal_cdf'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 39 * size,
});

/** Exact GELU, torch's default and Hugging Face's `gelu`: ½x·(1 + erf(x/√2)), with an error of about 1e-7 · |x|. */
export function gelu(g: Graph, x: Value): Value {
  const size = numel(x.shape);
  const { y } = g.emit(geluForward, { x }, { y: x.shape }, { size });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(geluBackward, { x, dy }, { dx: x.shape }, { size }).dx, toX),
  ]);
  return y;
}
