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
 * Computes TRL's loss of Kahneman-Tversky optimisation for P rated texts, (P). The first sequences are the rated texts; the second ones,
 * which have no gradient, estimate how far the model is from the reference. The third column of `given` is above 0 for good texts. A text
 * has these metrics: 1, its reward and its log probability if it is good, else zeros; the same three if it isn't good, else zeros; the
 * estimate. Like `dpoLoss`, it has no gradient of its own: `crossEntropy` with `weights` has it. Throws `invalid_argument` for a beta out
 * of range.
 */
export function ktoLoss(g: Graph, pairs: SequencePairs, { beta }: { readonly beta: number }): SequenceLosses {
  const [P = 0] = pairs.given.shape;
  expectBeta(beta);
  return emitPairLosses(g, ktoLossKernel, pairs, { params: { P, beta }, metrics: METRICS });
}
