import forwardWgsl from '../../../shaders/activations/relu.wgsl?raw';
import backwardWgsl from '../../../shaders/activations/relu_backward.wgsl?raw';
import flatIndex from '../../../shaders/lib/flat_index.wgsl?raw';
import { defineKernel, flatGrid } from '../../core/kernels/kernel';
import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';

export const reluForward = defineKernel({
  name: 'relu',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size' },
  variants: [{ wgsl: [forwardWgsl, flatIndex], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
  flops: ({ size }) => size,
});

export const reluBackward = defineKernel({
  name: 'relu_backward',
  bindings: { y: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size' },
  variants: [{ wgsl: [backwardWgsl, flatIndex], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
  flops: ({ size }) => size,
});

/** max(x, 0). The gradient at 0 is 0, as in torch. It depends on y only, so x needn't be held for it. */
export function relu(g: Graph, x: Value): Value {
  const size = numel(x.shape);
  const { y } = g.emit(reluForward, { x }, { y: x.shape }, { size });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(reluBackward, { y, dy }, { dx: x.shape }, { size }).dx, toX),
  ]);
  return y;
}
