import type { Graph } from '../../graph/graph';
import { shaderKernel } from '../shader_kernel';
import { emitPairLosses, expectBeta, PAIR_BINDINGS, type SequenceLosses, type SequencePairs } from './pair_losses';

export const ktoLossKernel = shaderKernel({
  name: 'kto_loss',
  bindings: PAIR_BINDINGS,
  params: { P: 'size', beta: 'f32' },
  variants: [{ wgsl: ['kto_loss'], workgroups: ({ P }) => [P] }],
  flops: ({ P }) => (20 + 2 * P) * P,
});

/** The number of metrics for each text. */
const METRICS = 7;

/**
 * Computes TRL's loss of Kahneman-Tversky optimisation for P rated texts, (P). The first sequences are the rated texts. The second ones
 * estimate how far the model is from the reference, and have no gradient. The third column of `given` is above 0 for good texts. A text has
 * seven metrics: 1, its reward and its log probability, or three zeros if it isn't good; the same three for a text that isn't good, or
 * zeros if it is good; and the estimate. Has no gradient of its own: as for `dpoLoss`, `crossEntropy` with the returned `weights` has the
 * gradient of the sum of these losses. Throws `invalid_argument` for a beta out of range.
 */
export function ktoLoss(g: Graph, pairs: SequencePairs, { beta }: { readonly beta: number }): SequenceLosses {
  const [P = 0] = pairs.given.shape;
  expectBeta(beta);
  return emitPairLosses(g, ktoLossKernel, pairs, { params: { P, beta }, metrics: METRICS });
}
