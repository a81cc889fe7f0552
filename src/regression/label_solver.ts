import { type Examples, type LinearMap, pickOutputs, placeOutputs, sumOf, timesScale } from './labelled_features';
import { fitLogistic, sigmoidLink } from './logistic';
import { type HeadProblem, type HeadSolver, LABEL_CHOICE } from './problem';

/**
 * Solves for any number of labels at once, by one logistic regression for each label. If the head has a bias, a label that all fitted rows
 * have, or that none has, has no finite best bias. Then its weights are 0, and its bias gives odds of n + 1 : 1 for or against the label
 * (Laplace's rule of succession), where n is the sum of the rows' weights.
 */
export const LABELS: HeadSolver = {
  choice: LABEL_CHOICE,
  async fit(problem, rows, { start, scale = 1, ...options }) {
    const { learnt, outputs, hasBias } = problem;
    const { T, targets, D } = learnt;
    const fitted = Array.from({ length: outputs }, (_, label) => label).filter(
      (k) => !hasBias || varies(learnt, rows, k),
    );
    const link = sigmoidLink((row, k) => targets[row * T + (fitted[k] as number)] as number);
    const begun = start && pickOutputs(start, fitted, D);
    const one = { examples: learnt, rows, hasBias, outputs: fitted.length, link };
    const { map, ...rest } = await fitLogistic(one, { ...options, start: begun });
    return { map: withConstants(problem, rows, fitted, timesScale(map, scale)), ...rest };
  },
  judge({ targets, T }, row, scores) {
    const isRight = scores.every((score, k) => score > 0 === (targets[row * T + k] as number) > ONE_HALF);
    const loss = sigmoidLink((at, k) => targets[at * T + k] as number)(scores, row);
    return { loss: loss / T, isRight };
  },
  // Rows with the same set of labels form one group. The number of the group is a hash of the set.
  group: ({ targets, T }, row) =>
    targets
      .subarray(row * T, (row + 1) * T)
      .reduce((hash, target) => (2 * hash + Number(target > ONE_HALF)) % LARGEST, 0),
  mostOfLabel({ targets, T }) {
    const counts = new Int32Array(T);
    for (const [i, target] of targets.entries()) counts[i % T] = (counts[i % T] as number) + Number(target > ONE_HALF);
    return counts.reduce((most, count) => Math.max(most, count), 0);
  },
};

/** A row has the labels whose probability is above this. */
const ONE_HALF = 0.5;
/** The modulus of the groups' hash: a prime that is small enough for exact arithmetic in float64. */
const LARGEST = 67_108_859;

function varies({ targets, T }: Examples, rows: Int32Array, label: number): boolean {
  const first = targets[(rows[0] ?? 0) * T + label] as number;
  return (first > 0 && first < 1) || rows.some((row) => targets[row * T + label] !== first);
}

function withConstants(
  { learnt: { D, T, targets, weights }, outputs }: HeadProblem,
  rows: Int32Array,
  fitted: readonly number[],
  map: LinearMap,
): LinearMap {
  const odds = Math.log(sumOf(weights, rows) + 1);
  const first = (rows[0] ?? 0) * T;
  const bias = Float64Array.from({ length: outputs }, (_, k) => (targets[first + k] === 1 ? odds : -odds));
  const all = { outputs, weight: new Float64Array(outputs * D), bias };
  placeOutputs(map, fitted, all, D);
  return all;
}
