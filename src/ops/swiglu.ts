import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import sigmoid from '../../shaders/lib/sigmoid.wgsl?raw';
import forwardWgsl from '../../shaders/swiglu.wgsl?raw';
import backwardWgsl from '../../shaders/swiglu_backward.wgsl?raw';
import { defineKernel, flatGrid } from '../core/kernel';
import { expectShape, numel } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

export const swigluForward = defineKernel({
  name: 'swiglu',
  bindings: { gate: 'read', up: 'read', y: 'write' },
  params: { size: 'u32' },
  variants: [{ wgsl: [forwardWgsl, flatIndex, sigmoid], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
  flops: ({ size }) => 5 * size,
});

export const swigluBackward = defineKernel({
  name: 'swiglu_backward',
  bindings: {
    gate: 'read',
    up: 'read',
    dy: 'read',
    sum_gate: 'read',
    sum_up: 'read',
    d_gate: 'write',
    d_up: 'write',
  },
  params: { size: 'u32', has_sum_gate: 'u32', has_sum_up: 'u32' },
  variants: [{ wgsl: [backwardWgsl, flatIndex, sigmoid], workgroups: ({ size }) => flatGrid(Math.ceil(size / 4)) }],
  flops: ({ size }) => 11 * size,
});

/** silu(gate) · up, for two different values of one shape; both receive a gradient, from one dispatch. */
export function swiglu(g: Graph, gate: Value, up: Value): Value {
  expectShape('swiglu up', up.shape, gate.shape);
  const size = numel(gate.shape);
  const { y } = g.emit(swigluForward, { gate, up }, { y: gate.shape }, { size });
  g.differentiate(y, [gate, up], (dy, [toGate, toUp]) => {
    const given = { gate, up, dy, sum_gate: toGate.sum ?? dy, sum_up: toUp.sum ?? dy };
    const params = {
      size,
      has_sum_gate: Number(toGate.sum !== undefined),
      has_sum_up: Number(toUp.sum !== undefined),
    };
    const made = g.emit(swigluBackward, given, { d_gate: gate.shape, d_up: up.shape }, params);
    return [toGate.wanted ? made.d_gate : undefined, toUp.wanted ? made.d_up : undefined];
  });
  return y;
}
