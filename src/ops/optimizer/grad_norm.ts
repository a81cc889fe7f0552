import { WebVeraError } from '../../core/errors/error';
import { FLAT_THREADS } from '../../core/kernels/kernel';
import { ceilDiv, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { shaderKernel } from '../shader_kernel';

/** Workgroups of the optimiser's kernels: enough for any GPU, with few partial sums to add up. */
export const OPTIMIZER_GROUPS = 256;

export const gradNormKernel = shaderKernel({
  name: 'grad_norm',
  bindings: { grads: 'read', before: 'read', partials: 'write' },
  params: { P: 'size', K: 'size', has_before: 'u32' },
  variants: [{ wgsl: ['grad_norm', 'one_thread_sum'], workgroups: ({ K }) => [K] }],
  flops: ({ P }) => 2 * P,
});

/** Sums of squares of the gradients in all pools together: (K) with K ≤ 256, for `adamw`, which adds them up. One dispatch per pool. */
export function gradNorm(g: Graph, pools: readonly Value[]): Value {
  const largest = pools.reduce((size, { shape }) => Math.max(size, numel(shape)), 0);
  const K = Math.max(1, Math.min(OPTIMIZER_GROUPS, ceilDiv(largest, FLAT_THREADS)));
  let before: Value | undefined;
  for (const grads of pools) {
    const params = { P: numel(grads.shape), K, has_before: Number(before !== undefined) };
    before = g.emit(gradNormKernel, { grads, before: before ?? grads }, { partials: [K] }, params).partials;
  }
  if (before === undefined) throw new WebVeraError('internal', 'grad_norm: expected at least one pool, got none');
  return before;
}
