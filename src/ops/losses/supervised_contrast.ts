import { WebVeraError } from '../../core/errors/error';
import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { l2Normalize } from '../norms/l2_normalize';
import { flatKernel, shaderKernel } from '../shader_kernel';
import { type RowLosses, type RowLossInputs, rowLosses } from './row_losses';

export const supervisedContrastKernel = shaderKernel({
  name: 'supervised_contrast',
  bindings: { z: 'read', targets: 'read', weights: 'read', block: 'read', losses: 'update', pairs: 'write' },
  params: { B: 'size', F: 'size', inverse_temperature: 'f32', has_gradient: 'u32' },
  variants: [{ wgsl: ['supervised_contrast', 'step_block'], workgroups: ({ B }) => [B] }],
  flops: ({ B, F, has_gradient }) => B * B * (2 * F + (has_gradient ? 10 : 6)),
});

export const supervisedContrastBackwardKernel = flatKernel({
  name: 'supervised_contrast_backward',
  bindings: { z: 'read', pairs: 'read', dz: 'write' },
  params: { B: 'size', F: 'size' },
  threads: ({ B, F }) => B * F,
  flops: ({ B, F }) => 3 * B * B * F,
});

interface SupervisedContrastInputs extends Omit<RowLossInputs, 'chunkRows'> {
  /** u32 (B): the class of each of `rows`. */
  readonly targets: Value;
  /** f32 (B): the weight of the loss of each of `rows`. */
  readonly weights: Value;
  /** The number, above 0, by which the cosines are divided. */
  readonly temperature: number;
}

/**
 * Computes the supervised contrastive loss of Khosla et al. 2020 (their L_out) over the rows of one batch. Let z (B, F) be project(hidden),
 * scaled to norm 1, and P(i) the other rows of the same class. The loss of row i is the row's weight times
 * −mean_{p in P(i)} ln(e^(z_i·z_p/temperature) / Σ_{j ≠ i} e^(z_i·z_j/temperature)), or 0 if the row is alone in its class. All rows are in
 * one chunk; see `rowLosses` for the order of computation. Throws `invalid_argument` for a temperature that isn't above 0.
 */
export function supervisedContrast(
  g: Graph,
  { targets, weights, temperature, ...inputs }: SupervisedContrastInputs,
): RowLosses {
  const { rows, outputs: F, block } = inputs;
  const B = numel(rows.shape);
  expectShape('supervised_contrast targets', targets.shape, [B]);
  expectShape('supervised_contrast weights', weights.shape, [B]);
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new WebVeraError('invalid_argument', `temperature: expected a number above 0, got ${temperature}`);
  }
  const inverse_temperature = 1 / temperature;
  const project = (hidden: Value): Value => l2Normalize(g, inputs.project(hidden));
  const given = { ...inputs, project, chunkRows: B };
  return rowLosses(g, 'supervised_contrast', given, ({ logits: z, losses }, { has_gradient }) => {
    const params = { B, F, inverse_temperature, has_gradient };
    const { pairs } = g.emit(
      supervisedContrastKernel,
      { z, targets, weights, block, losses },
      { pairs: [B, B] },
      params,
    );
    if (has_gradient === 0) return undefined;
    return g.emit(supervisedContrastBackwardKernel, { z, pairs }, { dz: [B, F] }, { B, F }).dz;
  });
}
