import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { gatedBackward, gatedForward } from './elementwise';

export const gegluForward = gatedForward({ name: 'geglu', with: ['gelu_exponent', 'sigmoid'], flops: 10 });

export const gegluBackward = gatedBackward({ name: 'geglu_backward', with: ['gelu_exponent', 'sigmoid'], flops: 22 });

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
