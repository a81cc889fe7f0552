import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { shaderKernel } from '../shader_kernel';

export const mixedLossSumKernel = shaderKernel({
  name: 'mixed_loss_sum',
  bindings: { losses: 'read', rows: 'read', which: 'read', block: 'read', stats: 'update' },
  params: { L: 'size', T: 'size', adapter_index: 'place' },
  variants: [{ wgsl: ['mixed_loss_sum', 'step_block', 'stats', 'one_thread_sum'], workgroups: () => [1] }],
  flops: ({ L }) => L,
});

/** The losses of a batch whose rows use different adapters. */
export interface MixedLosses {
  /** (L): the token losses, of which only the first `labelled` are summed. */
  readonly losses: Value;
  /** u32 (L): the index of the token that each loss belongs to. */
  readonly rows: Value;
  /** u32 (batch rows): the index of each batch row's adapter. */
  readonly which: Value;
  /** The number of tokens in a batch row. */
  readonly T: number;
}

/**
 * Adds one adapter's share of a micro-batch to the mean loss in the adapter's `stats`, as `lossSum` does. `block` is the adapter's own step
 * block: `labelled` is the number of losses in the micro-batch, of all adapters together; `inverse_tokens` is the weight of each loss in
 * this adapter's mean.
 */
export function mixedLossSum(
  g: Graph,
  { losses, rows, which, T }: MixedLosses,
  adapter: { readonly index: number; readonly block: Value; readonly stats: Value },
): void {
  expectShape('mixed_loss_sum rows', rows.shape, losses.shape);
  const { index, block, stats } = adapter;
  g.emit(
    mixedLossSumKernel,
    { losses, rows, which, block, stats },
    {},
    { L: numel(losses.shape), T, adapter_index: index },
  );
}
