import wgsl from '../../shaders/grad_norm.wgsl?raw';
import workgroupSum from '../../shaders/lib/workgroup_sum.wgsl?raw';
import { defineKernel, FLAT_THREADS } from '../core/kernel';
import { ceilDiv, numel } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

/** Workgroups of the optimiser's kernels: enough for any GPU, and few partial sums to add up. */
export const OPTIMIZER_GROUPS = 256;

export const gradNormKernel = defineKernel({
  name: 'grad_norm',
  bindings: { grads: 'read', partials: 'write' },
  params: { P: 'u32', K: 'u32' },
  variants: [{ wgsl: [wgsl, workgroupSum], workgroups: ({ K }) => [K] }],
  flops: ({ P }) => 2 * P,
});

/** Sums of squares of the gradients (P), one per workgroup: (K) with K ≤ 256. For `adamw`, which adds them up. */
export function gradNorm(g: Graph, grads: Value): Value {
  const P = numel(grads.shape);
  const K = Math.max(1, Math.min(OPTIMIZER_GROUPS, ceilDiv(P, FLAT_THREADS)));
  return g.emit(gradNormKernel, { grads }, { partials: [K] }, { P, K }).partials;
}
