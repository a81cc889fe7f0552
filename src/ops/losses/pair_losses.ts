import { WebVeraError } from '../../core/errors/error';
import type { Kernel, Params, ParamTypes } from '../../core/kernels/kernel';
import { expectShape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { zeros } from '../fill';

/** P pairs of sequences. All first sequences (such as the chosen texts) come before all second sequences, in the same order. */
export interface SequencePairs {
  /** (2P): the log probability of each sequence, from `sequenceLogps`. */
  readonly logps: Value;
  /** u32 (2P, 2): the range of each sequence in the token losses, as for `sequenceLogps`. */
  readonly sequences: Value;
  /**
   * (P, 5): for each pair, the reference's log probabilities of both sequences, two values whose meaning depends on the loss, and the
   * pair's weight.
   */
  readonly given: Value;
  /** The number of token losses. */
  readonly L: number;
}

export interface SequenceLosses {
  /** (P): the loss of each pair, or of each first sequence. */
  readonly losses: Value;
  /** (L): the factor for the gradient of each token loss; 0 for tokens that belong to no sequence. */
  readonly weights: Value;
  /** (P, metrics): the metrics of each pair or first sequence. Their means are reported. */
  readonly metrics: Value;
}

/** The bindings of every kernel that compares the two sequences of each pair. */
export const PAIR_BINDINGS = {
  logps: 'read',
  given: 'read',
  sequences: 'read',
  weights: 'update',
  losses: 'write',
  metrics: 'write',
} as const;

/**
 * Emits a kernel that compares the two sequences of each pair and computes `metrics` metrics for each pair. Throws `invalid_argument` if a
 * value has an unexpected shape.
 */
export function emitPairLosses<P extends ParamTypes>(
  g: Graph,
  kernel: Kernel<typeof PAIR_BINDINGS, P>,
  { logps, sequences, given, L }: SequencePairs,
  { params, metrics: count }: { readonly params: Params<P>; readonly metrics: number },
): SequenceLosses {
  const [P = 0] = given.shape;
  expectShape(`${kernel.name} given`, given.shape, [P, 5]);
  expectShape(`${kernel.name} logps`, logps.shape, [2 * P]);
  expectShape(`${kernel.name} sequences`, sequences.shape, [2 * P, 2]);
  const weights = zeros(g, [L]);
  const made = { losses: [P], metrics: [P, count] };
  const { losses, metrics } = g.emit(kernel, { logps, given, sequences, weights }, made, params);
  return { losses, weights, metrics };
}

/** Throws `invalid_argument` unless beta is a finite number above 0. */
export function expectBeta(beta: number): void {
  if (beta > 0 && Number.isFinite(beta)) return;
  throw new WebVeraError('invalid_argument', `beta: expected a number above 0, got ${beta}`);
}
