import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

export const geluNewForward = flatKernel({
  name: 'gelu_new',
  bindings: { x: 'read', y: 'write' },
  params: { size: 'size' },
  with: ['gelu_exponent', 'sigmoid'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 9 * size,
});

export const geluNewBackward = flatKernel({
  name: 'gelu_new_backward',
  bindings: { x: 'read', dy: 'read', dx: 'write' },
  params: { size: 'size' },
  with: ['gelu_exponent', 'sigmoid'],
  threads: ({ size }) => size / 4,
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
