import { WebVeraError } from '../../core/errors/error';
import type { Graph } from '../../graph/graph';
import { shaderKernel } from '../shader_kernel';
import { emitPairLosses, expectBeta, PAIR_BINDINGS, type SequenceLosses, type SequencePairs } from './pair_losses';

export const dpoLossKernel = shaderKernel({
  name: 'dpo_loss',
  bindings: PAIR_BINDINGS,
  params: { P: 'size', kind: 'u32', beta: 'f32', smoothing: 'f32' },
  variants: [{ wgsl: ['dpo_loss'], workgroups: ({ P }) => [P] }],
  flops: ({ P }) => 30 * P,
});

/** The shader's number for each loss type. 'robust' without label smoothing equals 'sigmoid', so both have the same number. */
const KINDS = { sigmoid: 0, robust: 0, hinge: 1, ipo: 2 } as const;

export interface DpoOptions {
  /** How strongly the loss keeps the model near the reference (the base model's predictions): a number above 0. */
  readonly beta: number;
  /** The name of one of TRL's losses. */
  readonly loss_type: keyof typeof KINDS;
  /** For 'robust', the probability that a pair's order is wrong: from 0 to below 1/2. For other losses it is 0. */
  readonly label_smoothing: number;
}

/** The columns of `dpoLoss`'s metrics. */
export const DPO_METRICS = [
  'rewards/chosen',
  'rewards/rejected',
  'rewards/accuracies',
  'logps/chosen',
  'logps/rejected',
] as const;

/**
 * Computes TRL's losses of direct preference optimisation, (P). The reward of a sequence is beta · (its log probability − the reference's).
 * The third and fourth columns of `given` have the number of tokens of the first and of the second sequence. Has no gradient of its own:
 * `crossEntropy` with `weights` has the gradient of the sum of these losses. Throws `invalid_argument` for options out of range.
 */
export function dpoLoss(
  g: Graph,
  pairs: SequencePairs,
  { beta, loss_type, label_smoothing: smoothing }: DpoOptions,
): SequenceLosses {
  const [P = 0] = pairs.given.shape;
  expectBeta(beta);
  if (!(smoothing >= 0 && smoothing < 0.5)) {
    throw new WebVeraError(
      'invalid_argument',
      `label_smoothing: expected a number from 0, below 0.5, got ${smoothing}`,
    );
  }
  const params = { P, kind: KINDS[loss_type], beta, smoothing };
  return emitPairLosses(g, dpoLossKernel, pairs, { params, metrics: DPO_METRICS.length });
}
