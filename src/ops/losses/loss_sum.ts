import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { shaderKernel } from '../shader_kernel';

export const lossSumKernel = shaderKernel({
  name: 'loss_sum',
  bindings: { losses: 'read', block: 'read', stats: 'update' },
  params: { N: 'size' },
  variants: [{ wgsl: ['loss_sum', 'step_block', 'stats', 'one_thread_sum'], workgroups: () => [1] }],
  flops: ({ N }) => N,
});

/**
 * Adds a micro-batch's share of the mean loss to `stats` (`Stats` of shaders/lib/stats.wgsl), starting from 0 at the step's first
 * micro-batch. Only the first `labelled` losses (N) count.
 */
export function lossSum(g: Graph, losses: Value, block: Value, stats: Value): void {
  g.emit(lossSumKernel, { losses, block, stats }, {}, { N: numel(losses.shape) });
}
