import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

export const gegluForward = flatKernel({
  name: 'geglu',
  bindings: { gate: 'read', up: 'read', y: 'write' },
  params: { size: 'size' },
  with: ['gelu_exponent', 'sigmoid'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 10 * size,
});

export const gegluBackward = flatKernel({
  name: 'geglu_backward',
  bindings: { gate: 'read', up: 'read', dy: 'read', d_gate: 'write', d_up: 'write' },
  params: { size: 'size' },
  with: ['gelu_exponent', 'sigmoid'],
  threads: ({ size }) => size / 4,
  flops: ({ size }) => 22 * size,
});

/**
 * gelu_new(gate) · up, for two different values of the same shape, with GELU's tanh approximation as in `geluNew`. One dispatch computes
 * the gradients of both.
 */
export function geglu(g: Graph, gate: Value, up: Value): Value {
  expectShape('geglu up', up.shape, gate.shape);
  const size = numel(gate.shape);
  const { y } = g.emit(gegluForward, { gate, up }, { y: gate.shape }, { size });
  g.differentiate(y, [gate, up], (dy, [toGate, toUp]) => {
    const made = g.emit(gegluBackward, { gate, up, dy }, { d_gate: gate.shape, d_up: up.shape }, { size });
    return [passOn(g, made.d_gate, toGate), passOn(g, made.d_up, toUp)];
  });
  return y;
}
