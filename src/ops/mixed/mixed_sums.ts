import { ceilDiv, numel } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { PartialSums } from '../partial_sums';
import { accumulatedIn } from '../rows/column_sum';
import { shaderKernel } from '../shader_kernel';
import type { MixedPools } from './mixed_pools';

export const mixedSumsKernel = shaderKernel({
  name: 'mixed_sums',
  bindings: { partials: 'read', vectors: 'read', which: 'read', scales: 'read', grads: 'update' },
  params: { count: 'size', longest: 'size', rows: 'size', stride: 'u32', size: 'size' },
  variants: [{ wgsl: ['mixed_sums'], workgroups: ({ count, longest }) => [ceilDiv(longest, 64), count] }],
  flops: ({ size }) => size,
});

/** The number of tokens of a batch row that one thread sums. */
export const SLICE = 64;

/** Collects the partial sums of the gradients of adapters' vectors. One dispatch adds them up for all adapters. */
class MixedSums extends PartialSums<Pick<MixedPools, 'which' | 'scales'>> {
  constructor(g: Graph) {
    super('mixed', ({ partials, vectors, grads }, { count, longest, size }, { which, scales }) => {
      const [, stride = 0] = grads.shape;
      const sizes = { count, longest, rows: numel(which.shape), stride, size };
      g.emit(mixedSumsKernel, { partials, vectors, which, scales, grads }, {}, sizes);
    });
  }
}

/**
 * Reserves space in one value for the partial sums of the gradients of several vectors, which have the same length and must not overlap.
 * Returns that value, the offset of each vector's partial sums in it, and the buffer in which the gradients accumulate.
 */
export function takeMixedSums(
  g: Graph,
  pools: MixedPools,
  { offsets, length }: { readonly offsets: readonly number[]; readonly length: number },
  sink: Sink,
): { readonly partials: Value; readonly at: readonly number[]; readonly grads: Value } {
  const grads = accumulatedIn(sink, pools.table);
  const [sums, rows] = [ceilDiv(pools.T, SLICE), numel(pools.which.shape)];
  const summed = offsets.map((offset) => ({ length, sums, rows, offset }));
  return { ...g.inPass(MixedSums).take(grads, summed, pools), grads };
}
