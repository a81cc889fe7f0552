import forwardWgsl from '../../../shaders/activations/silu.wgsl?raw';
import backwardWgsl from '../../../shaders/activations/silu_backward.wgsl?raw';
import flatIndex from '../../../shaders/lib/flat_index.wgsl?raw';
import sigmoid from '../../../shaders/lib/math/sigmoid.wgsl?raw';
import { defineKernel, flatGrid } from '../../core/kernels/kernel';
import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';

export const siluForward = defineKernel({
  name: 'silu',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size' },
  variants: [{ wgsl: [forwardWgsl, flatIndex, sigmoid], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
  flops: ({ size }) => 4 * size,
});

export const siluBackward = defineKernel({
  name: 'silu_backward',
  bindings: { x: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size' },
  variants: [{ wgsl: [backwardWgsl, flatIndex, sigmoid], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
  flops: ({ size }) => 7 * size,
});

/** SiLU, also called swish: x · σ(x). */
export function silu(g: Graph, x: Value): Value {
  const size = numel(x.shape);
  const { y } = g.emit(siluForward, { x }, { y: x.shape }, { size });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(siluBackward, { x, dy }, { dx: x.shape }, { size }).dx, toX),
  ]);
  return y;
}
