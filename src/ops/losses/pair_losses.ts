import { WebVeraError } from '../../core/errors/error';
import type { Kernel, Params, ParamTypes } from '../../core/kernels/kernel';
import { expectShape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { zeros } from '../fill';

/** Two sequences for each row. All first sequences, such as the chosen ones, come before the second ones, which have the same order. */
export interface SequencePairs {
  /** (2P), from `sequenceLogps`. */
  readonly logps: Value;
  /** u32 (2P, 2): the range of each sequence in the losses of tokens. */
  readonly sequences: Value;
  /** (P, 5): the reference's log probabilities of both sequences, two numbers that the loss defines, the weight. */
  readonly given: Value;
  /** The number of losses of tokens. */
  readonly L: number;
}

export interface SequenceLosses {
  /** The loss of each pair or sequence, in order. */
  readonly losses: Value;
  /** (L): the factor of the gradient of each token's loss; 0 for tokens of no sequence. */
  readonly weights: Value;
  /** (P, metrics): numbers for each pair or sequence. Their means are reported. */
  readonly metrics: Value;
}

/** The bindings of a kernel that compares the sequences of pairs. */
export const PAIR_BINDINGS = {
  logps: 'read',
  given: 'read',
  sequences: 'read',
  weights: 'update',
  losses: 'write',
  metrics: 'write',
} as const;

/** Emits a kernel that compares the sequences of pairs, with `metrics` numbers for each pair. Throws for other shapes. */
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
