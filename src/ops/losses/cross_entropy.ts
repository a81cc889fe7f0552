import { WebVeraError } from '../../core/errors/error';
import { ceilDiv, expectShape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { MOST_WORKGROUPS, serialVariants } from '../row_variants';
import { shaderKernel } from '../shader_kernel';
import { type RowLosses, type RowLossInputs, rowLosses } from './row_losses';
import { rowWeightsKernel } from './row_weights';

const params = { start: 'place', count: 'size', V: 'size', has_gradient: 'u32', smoothing: 'f32' } as const;

export const crossEntropyKernel = shaderKernel({
  name: 'cross_entropy',
  bindings: { logits: 'update', targets: 'read', block: 'read', losses: 'update' },
  params,
  variants: [
    {
      wgsl: ['cross_entropy', 'step_block'],
      fits: ({ count }) => count <= MOST_WORKGROUPS,
      workgroups: ({ count }) => [count],
    },
    ...serialVariants<typeof params>({
      wgsl: ['cross_entropy_serial', 'step_block'],
      rowLength: ({ V }) => V,
      workgroups: ({ count }) => [ceilDiv(count, 8)],
    }),
  ],
  flops: ({ count, V, has_gradient, smoothing }) => count * V * ((has_gradient ? 8 : 4) + (smoothing > 0 ? 2 : 0)),
});

interface CrossEntropyInputs extends RowLossInputs {
  /** u32 (L): the target of each of `rows`, below V. */
  readonly targets: Value;
  /**
   * The part of a target's probability that is spread evenly over all V outputs, from 0 to 1: transformers' `label_smoothing_factor`.
   * Default: 0.
   */
  readonly smoothing?: number | undefined;
  /** f32 (L): the weight of the loss of each of `rows`. Default: all 1. */
  readonly weights?: Value | undefined;
}

/**
 * Computes the loss of each labelled row, with p = softmax(project(hidden)): −ln p[target], or (1 − smoothing) · −ln p[target] + smoothing
 * · mean_v −ln p[v]; times the row's weight. See `rowLosses` for the order of computation. Throws `invalid_argument` for a `smoothing`
 * outside 0 to 1.
 */
export function crossEntropy(g: Graph, { targets, smoothing = 0, weights, ...inputs }: CrossEntropyInputs): RowLosses {
  const { rows, block } = inputs;
  expectShape('cross_entropy targets', targets.shape, rows.shape);
  if (weights !== undefined) expectShape('row_weights weights', weights.shape, rows.shape);
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new WebVeraError('invalid_argument', `smoothing: expected a number from 0 to 1, got ${smoothing}`);
  }
  return rowLosses(g, 'cross_entropy', inputs, (values, params) => {
    g.emit(crossEntropyKernel, { ...values, targets, block }, {}, { ...params, smoothing });
    if (weights !== undefined) g.emit(rowWeightsKernel, { ...values, weights }, {}, params);
  });
}
