import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';
import { type RowLosses, type RowLossInputs, rowLosses } from './row_losses';

export const squaredErrorKernel = flatKernel({
  name: 'squared_error',
  bindings: { logits: 'update', targets: 'read', block: 'read', losses: 'update' },
  params: { start: 'place', count: 'size', V: 'size', has_gradient: 'u32' },
  with: ['step_block'],
  threads: ({ count }) => count,
  flops: ({ count, V, has_gradient }) => count * V * (has_gradient ? 4 : 3),
});

interface SquaredErrorInputs extends RowLossInputs {
  /** f32 (L, V): the V target values of each of `rows`. */
  readonly targets: Value;
}

/**
 * Computes the loss of each labelled row, mean_v (project(hidden)[v] − target[v])², so that the mean over the rows is torch's `MSELoss`.
 * See `rowLosses` for the order of computation.
 */
export function squaredError(g: Graph, { targets, ...inputs }: SquaredErrorInputs): RowLosses {
  const { rows, outputs, block } = inputs;
  expectShape('squared_error targets', targets.shape, [numel(rows.shape), outputs]);
  return rowLosses(g, 'squared_error', inputs, (values, params) => {
    g.emit(squaredErrorKernel, { ...values, targets, block }, {}, params);
  });
}
