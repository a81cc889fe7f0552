import type { Breather } from '../core/async/breather';
import { factorise, gram, substitute, transposed } from './cholesky';
import { type Examples, sumOf } from './labelled_features';

/** Divides by an estimate of the curvature of a mean loss: D directions of an output at `start`, or that of its bias. */
export interface LossCurvature {
  divide(numbers: Float64Array, start: number): void;
  readonly ofBias: number;
}

/** Gives the curvature with a penalty. */
export type CurvatureAt = (C: number, breather: Breather) => Promise<LossCurvature>;

/** Curvature of the loss of one score: at most 1/4, less where predictions are sure. */
const OF_SCORE = 0.1;
/** Evaluations of the objective whose work the estimate may take: over features that vary together it saves more than so many. */
const WORTH = 300;

/**
 * The loss curves along directions in proportion to the features' variance there, and by the penalty. Undefined where few examples
 * make that cost more than it saves.
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
  return async (C, giveWay) => {
    const matrix = variance.map((entry) => (OF_SCORE / N) * entry);
    for (let i = 0; i < D; i++) matrix[i * D + i] = (matrix[i * D + i] as number) + 1 / (C * total);
    const L = await factorise(matrix, D, giveWay);
    return { divide: (numbers, start) => substitute(L, D, numbers, start), ofBias: OF_SCORE };
  };
}
