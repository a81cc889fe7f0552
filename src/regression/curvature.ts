import type { Breather } from '../core/async/breather';
import { addToDiagonal, factorise, gram, substitute, traceOf, transposed } from './cholesky';
import { type Examples, sumOf } from './labelled_features';

/**
 * The estimated curvature of a mean loss. `divide` divides the D values of one output, in `numbers` from index `start` on, by this
 * curvature. `ofBias` is the curvature in the direction of a bias.
 */
export interface LossCurvature {
  divide(numbers: Float64Array, start: number): void;
  readonly ofBias: number;
}

/** Resolves with the estimated curvature of the loss plus its penalty, where C is the penalty's inverse strength. */
export type CurvatureAt = (C: number, breather: Breather) => Promise<LossCurvature>;

/** The assumed second derivative of the loss with respect to a score. It is at most 1/4, and smaller for confident predictions. */
const OF_SCORE = 0.1;
/**
 * The maximum cost of the estimate, as a number of evaluations of the objective. With correlated features, the estimate saves more
 * evaluations than that.
 */
const WORTH = 300;
/**
 * The smallest curvature of the penalty, as a share of the loss's mean curvature. It matters only with a very large C: without it, the
 * estimate would be singular where the features vary in fewer than D directions, and steps in the other directions would be rounding errors
 * only.
 */
const LEAST = 1e-8;

/**
 * Estimates the curvature in each direction: the features' mean square in that direction times a constant, plus the penalty's curvature.
 * Resolves with undefined if the estimate would cost more than it saves, as with few examples.
 */
export async function curvatureOf(
  examples: Examples,
  outputs: number,
  breather: Breather,
): Promise<CurvatureAt | undefined> {
  const { N, D, features, weights } = examples;
  if (D ** 3 / 6 + (N * D ** 2) / 2 > WORTH * 2 * N * D * outputs) return undefined;
  const variance = await gram(transposed(features, N, D), D, N, breather);
  const total = sumOf(weights, Int32Array.from(weights.keys()));
  const least = LEAST * (OF_SCORE / N) * (traceOf(variance, D) / D);
  return async (C, giveWay) => {
    const matrix = variance.map((entry) => (OF_SCORE / N) * entry);
    addToDiagonal(matrix, D, Math.max(1 / (C * total), least));
    const L = await factorise(matrix, D, giveWay);
    return { divide: (numbers, start) => substitute(L, D, numbers, start), ofBias: OF_SCORE };
  };
}
