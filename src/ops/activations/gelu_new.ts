import forwardWgsl from '../../../shaders/activations/gelu_new.wgsl?raw';
import backwardWgsl from '../../../shaders/activations/gelu_new_backward.wgsl?raw';
import flatIndex from '../../../shaders/lib/flat_index.wgsl?raw';
import geluExponent from '../../../shaders/lib/math/gelu_exponent.wgsl?raw';
import sigmoid from '../../../shaders/lib/math/sigmoid.wgsl?raw';
import { defineKernel, flatGrid } from '../../core/kernels/kernel';
import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';

export const geluNewForward = defineKernel({
  name: 'gelu_new',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size' },
  variants: [
    {
      wgsl: [forwardWgsl, flatIndex, geluExponent, sigmoid],
      workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)),
    },
  ],
  flops: ({ size }) => 9 * size,
});

export const geluNewBackward = defineKernel({
  name: 'gelu_new_backward',
  bindings: { x: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size' },
  variants: [
    {
      wgsl: [backwardWgsl, flatIndex, geluExponent, sigmoid],
      workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)),
    },
  ],
  flops: ({ size }) => 19 * size,
});

/** GELU's tanh approximation, Hugging Face's `gelu_new`: ½x·(1 + tanh(√(2/π)·(x + 0.044715x³))). */
export function geluNew(g: Graph, x: Value): Value {
  const size = numel(x.shape);
  const { y } = g.emit(geluNewForward, { x }, { y: x.shape }, { size });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(geluNewBackward, { x, dy }, { dx: x.shape }, { size }).dx, toX),
  ]);
  return y;
}
