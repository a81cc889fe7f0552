import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { shaderKernel } from '../shader_kernel';

export const metricSumsKernel = shaderKernel({
  name: 'metric_sums',
  bindings: { metrics: 'read', block: 'read', stats: 'update' },
  params: { N: 'size', K: 'size' },
  variants: [{ wgsl: ['metric_sums', 'step_block', 'stats'], workgroups: () => [1] }],
  flops: ({ N, K }) => N * K,
});

/**
 * Adds a micro-batch's share of the means of K ≤ 8 metrics (N, K) to those in `stats` (`Stats` of shaders/lib/stats.wgsl), starting from 0
 * at the step's first micro-batch.
 */
export function metricSums(g: Graph, metrics: Value, block: Value, stats: Value): void {
  const { rows: N, columns: K } = rowsAndColumns(metrics.shape);
  g.emit(metricSumsKernel, { metrics, block, stats }, {}, { N, K });
}
