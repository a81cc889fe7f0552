import type { Breather } from '../core/async/breather';
import { addToDiagonal, factorise, gram, substitute, traceOf, transposed } from './cholesky';
import { addScaled, dot, type Examples, type LinearMap, sumOf } from './labelled_features';
import type { HeadSolver } from './problem';

/**
 * The smallest penalty, relative to the trace of the system's matrix: a few rounding errors. With a smaller penalty, the matrix could be
 * singular. With this penalty, the solution is close to the best fit of the smallest norm.
 */
const LEAST = 64 * Number.EPSILON;

/**
 * Solves for a head that predicts numbers, by ridge regression, as scikit-learn's `Ridge` does with alpha = 1 / C. The linear system has as
 * many unknowns as there are rows or features, whichever are fewer.
 */
export const NUMBERS: HeadSolver = {
  choice: { strengths: [0.1, 1, 10, 100, 1000], standardErrors: 0, isScaled: false },
  async fit({ learnt, hasBias }, rows, { C, breather }) {
    const centred = centredRows(learnt, rows, hasBias);
    const map = await ridge(centred, { alpha: 1 / C, breather });
    const bias = map.bias.map(
      (_, t) => (centred.targetMeans[t] as number) - dot(map.weight, t * centred.D, centred.means, 0, centred.D),
    );
    return { map: { ...map, bias }, evaluations: 1, isConverged: true };
  },
  judge({ targets, T }, row, scores) {
    const squares = scores.reduce((sum, score, k) => sum + (score - (targets[row * T + k] as number)) ** 2, 0);
    return { loss: squares / T };
  },
  group: () => 0,
};

interface Centred {
  readonly n: number;
  readonly D: number;
  readonly T: number;
  /** (n, D): each row minus `means`, times the square root of the row's weight. */
  readonly features: Float64Array;
  /** (n, T): the targets of each row minus `targetMeans`, times the square root of the row's weight. */
  readonly targets: Float64Array;
  /** (D): the mean of each feature, or zeros for a head without a bias. */
  readonly means: Float64Array;
  /** (T): the mean of each target, or zeros for a head without a bias. */
  readonly targetMeans: Float64Array;
}

function centredRows({ features, targets, weights, D, T }: Examples, rows: Int32Array, hasBias: boolean): Centred {
  const [means, targetMeans] = [new Float64Array(D), new Float64Array(T)];
  const total = sumOf(weights, rows);
  for (const row of hasBias ? rows : []) {
    const share = (weights[row] as number) / total;
    addScaled(means, 0, share, { of: features, start: row * D }, D);
    addScaled(targetMeans, 0, share, { of: targets, start: row * T }, T);
  }
  const centred = { features: new Float64Array(rows.length * D), targets: new Float64Array(rows.length * T) };
  for (const [place, row] of rows.entries()) {
    const root = Math.sqrt(weights[row] as number);
    addScaled(centred.features, place * D, root, { of: features, start: row * D }, D);
    addScaled(centred.features, place * D, -root, { of: means, start: 0 }, D);
    addScaled(centred.targets, place * T, root, { of: targets, start: row * T }, T);
    addScaled(centred.targets, place * T, -root, { of: targetMeans, start: 0 }, T);
  }
  return { n: rows.length, D, T, means, targetMeans, ...centred };
}

async function ridge(
  { n, D, T, features, targets }: Centred,
  { alpha, breather }: { readonly alpha: number; readonly breather: Breather },
): Promise<LinearMap> {
  const isDual = n < D;
  const [unknowns, length] = isDual ? [n, D] : [D, n];
  const matrix = await gram(isDual ? features : transposed(features, n, D), unknowns, length, breather);
  addToDiagonal(matrix, unknowns, Math.max(alpha, LEAST * traceOf(matrix, unknowns)));
  const L = await factorise(matrix, unknowns, breather);
  const weight = new Float64Array(T * D);
  const ofTargets = transposed(targets, n, T);
  for (let t = 0; t < T; t++) {
    await breather.breathe();
    if (isDual) substitute(L, n, ofTargets, t * n);
    for (let i = 0; i < n; i++) {
      addScaled(weight, t * D, ofTargets[t * n + i] as number, { of: features, start: i * D }, D);
    }
    if (!isDual) substitute(L, D, weight, t * D);
  }
  return { outputs: T, weight, bias: new Float64Array(T) };
}
