import statsWgsl from '../../../shaders/lib/stats.wgsl?raw';
import stepBlock from '../../../shaders/lib/step_block.wgsl?raw';
import oneThreadSum from '../../../shaders/lib/sums/one_thread_sum.wgsl?raw';
import wgsl from '../../../shaders/losses/loss_sum.wgsl?raw';
import { defineKernel } from '../../core/kernels/kernel';
import { numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';

export const lossSumKernel = defineKernel({
  name: 'loss_sum',
  bindings: { losses: 'read', block: 'read', stats: 'update' },
  params: { N: 'size' },
  variants: [{ wgsl: [wgsl, stepBlock, statsWgsl, oneThreadSum], workgroups: () => [1] }],
  flops: ({ N }) => N,
});

/**
 * Adds a micro-batch's share of the mean loss to `stats` (`Stats` of shaders/lib/stats.wgsl), starting from 0 at the step's first
 * micro-batch. Only the first `labelled` losses (N) count.
 */
export function lossSum(g: Graph, losses: Value, block: Value, stats: Value): void {
  g.emit(lossSumKernel, { losses, block, stats }, {}, { N: numel(losses.shape) });
}
