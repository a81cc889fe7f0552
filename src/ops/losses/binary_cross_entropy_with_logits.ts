import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';
import { type RowLosses, type RowLossInputs, rowLosses } from './row_losses';

export const binaryCrossEntropyWithLogitsKernel = flatKernel({
  name: 'binary_cross_entropy_with_logits',
  bindings: { logits: 'update', targets: 'read', block: 'read', losses: 'update' },
  params: { start: 'place', count: 'size', V: 'size', has_gradient: 'u32' },
  with: ['step_block'],
  threads: ({ count }) => count,
  flops: ({ count, V, has_gradient }) => count * V * (has_gradient ? 20 : 16),
});

interface BinaryCrossEntropyInputs extends RowLossInputs {
  /** f32 (L, V), from 0 to 1: the target probability of each label for each of `rows`. */
  readonly targets: Value;
}

/**
 * Computes the loss of each labelled row, with z = project(hidden): mean_v ln(1 + e^z[v]) − target[v] · z[v], so that the mean over rows is
 * torch's `BCEWithLogitsLoss`. See `rowLosses` for the order of computation.
 */
export function binaryCrossEntropyWithLogits(g: Graph, given: BinaryCrossEntropyInputs): RowLosses {
  const { targets, ...inputs } = given;
  const { rows, outputs, block } = inputs;
  expectShape('binary_cross_entropy_with_logits targets', targets.shape, [numel(rows.shape), outputs]);
  return rowLosses(g, 'binary_cross_entropy_with_logits', inputs, (values, params) => {
    g.emit(binaryCrossEntropyWithLogitsKernel, { ...values, targets, block }, {}, params);
  });
}
