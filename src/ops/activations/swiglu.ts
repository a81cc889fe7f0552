import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { emitGated, emitGatedBackward } from '../products/swiglu_linear';
import { flatKernel } from '../shader_kernel';

export const swigluForward = flatKernel({
  name: 'swiglu',
  bindings: { gate: 'read', up: 'read', y: 'write' },
  params: { size: 'size' },
  with: ['sigmoid'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 5 * size,
});

export const swigluBackward = flatKernel({
  name: 'swiglu_backward',
  bindings: { gate: 'read', up: 'read', dy: 'read', d_gate: 'write', d_up: 'write' },
  params: { size: 'size' },
  with: ['sigmoid'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 9 * size,
});

/**
 * silu(gate) · up, for two different values of the same shape. If possible, the dispatch that computes gate and up also computes the
 * result. One dispatch computes the gradients of gate and up. If possible, it also replaces the dispatch that computes the result's
 * gradient.
 */
export function swiglu(g: Graph, gate: Value, up: Value): Value {
  expectShape('swiglu up', up.shape, gate.shape);
  const size = numel(gate.shape);
  const y = emitGated(g, { gate, up }) ?? g.emit(swigluForward, { gate, up }, { y: gate.shape }, { size }).y;
  g.differentiate(y, [gate, up], (dy, [toGate, toUp]) => {
    const made =
      emitGatedBackward(g, dy, { gate, up }) ??
      g.emit(swigluBackward, { gate, up, dy }, { d_gate: gate.shape, d_up: up.shape }, { size });
    return [passOn(g, made.d_gate, toGate), passOn(g, made.d_up, toUp)];
  });
  return y;
}
