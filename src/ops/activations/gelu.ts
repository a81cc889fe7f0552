import forwardWgsl from '../../../shaders/activations/gelu.wgsl?raw';
import backwardWgsl from '../../../shaders/activations/gelu_backward.wgsl?raw';
import flatIndex from '../../../shaders/lib/flat_index.wgsl?raw';
import normalCdf from '../../../shaders/lib/math/normal_cdf.wgsl?raw';
import { defineKernel, flatGrid } from '../../core/kernels/kernel';
import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';

export const geluForward = defineKernel({
  name: 'gelu',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size' },
  variants: [{ wgsl: [forwardWgsl, flatIndex, normalCdf], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
  flops: ({ size }) => 35 * size,
});

export const geluBackward = defineKernel({
  name: 'gelu_backward',
  bindings: { x: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size' },
  variants: [{ wgsl: [backwardWgsl, flatIndex, normalCdf], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
  flops: ({ size }) => 39 * size,
});

/** Exact GELU, as torch's default and Hugging Face's `gelu`: ½x·(1 + erf(x/√2)), to about 1e-7 of |x|. */
export function gelu(g: Graph, x: Value): Value {
  const size = numel(x.shape);
  const { y } = g.emit(geluForward, { x }, { y: x.shape }, { size });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(geluBackward, { x, dy }, { dx: x.shape }, { size }).dx, toX),
  ]);
  return y;
}
