import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

export const reluForward = flatKernel({
  name: 'relu',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size' },
  threads: ({ size }) => size / 4,
  flops: ({ size }) => size,
});

export const reluBackward = flatKernel({
  name: 'relu_backward',
  bindings: { y: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size' },
  threads: ({ size }) => size / 4,
  flops: ({ size }) => size,
});

/** max(x, 0). The gradient at 0 is 0, as in torch. The gradient depends only on y, so the backward pass doesn't need x. */
export function relu(g: Graph, x: Value): Value {
  const size = numel(x.shape);
  const { y } = g.emit(reluForward, { x }, { y: x.shape }, { size });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(reluBackward, { y, dy }, { dx: x.shape }, { size }).dx, toX),
  ]);
  return y;
}
