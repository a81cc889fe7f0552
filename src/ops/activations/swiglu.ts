import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { emitGated, emitGatedBackward } from '../products/swiglu_linear';
import { gatedBackward, gatedForward } from './elementwise';

export const swigluForward = gatedForward({ name: 'swiglu', with: ['sigmoid'], flops: 5 });

export const swigluBackward = gatedBackward({ name: 'swiglu_backward', with: ['sigmoid'], flops: 9 });

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
