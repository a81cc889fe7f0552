import type { Breather } from '../core/async/breather';
import {
  type Examples,
  type LinearMap,
  pickOutputs,
  placeOutputs,
  rowsPerStretch,
  scoreRow,
  sumOf,
  timesScale,
} from './labelled_features';
import { type Fit, fitLogistic, sigmoidLink, softmaxLink } from './logistic';
import { type HeadProblem, type HeadSolver, LABEL_CHOICE } from './problem';

/**
 * Solves for a head that predicts one of several classes, by multinomial logistic regression. If the head has a bias, a class without
 * examples in these rows has no finite best bias. Then its weights are 0, and its bias gives it odds of 1 : n + 1, as Laplace's rule of
 * succession does for an event that didn't occur in n examples.
 */
export const CLASSES: HeadSolver = {
  choice: LABEL_CHOICE,
  async fit(problem, rows, { start, scale = 1, ...options }) {
    const { learnt: examples, outputs, hasBias } = problem;
    const present = hasBias ? classesIn(problem, rows) : Array.from({ length: outputs }, (_, label) => label);
    if (present.length === 1) {
      const map = await widened({ problem, rows, present }, constant(examples.D), options.breather);
      return { map, evaluations: 0, isConverged: true };
    }
    const begun = start && pickOutputs(start, present, examples.D);
    const { map, ...rest } = await (present.length === 2 ? fitTwo : fitSeveral)(
      { examples, rows, hasBias, present },
      { ...options, start: begun },
    );
    return { map: await widened({ problem, rows, present }, timesScale(map, scale), options.breather), ...rest };
  },
  judge(examples, row, scores) {
    const own = examples.targets[row] as number;
    const isRight = likeliest(scores) === own;
    return { loss: softmaxLink(() => own)(scores, row), isRight };
  },
  told: likeliest,
  group: ({ targets }, row) => targets[row] as number,
};

function likeliest(scores: Float64Array): number {
  return scores.reduce((place, score, k) => (score > (scores[place] as number) ? k : place), 0);
}

interface Present {
  readonly examples: Examples;
  readonly rows: Int32Array;
  readonly hasBias: boolean;
  /** The classes to fit: those that have examples, or all classes for a head without a bias. */
  readonly present: readonly number[];
}

type Options = Parameters<HeadSolver['fit']>[2];

function fitSeveral({ present, ...problem }: Present, options: Options): Promise<Fit> {
  const { targets } = problem.examples;
  const places = new Map(present.map((label, place) => [label, place]));
  const link = softmaxLink((row) => places.get(targets[row] as number) ?? 0);
  return fitLogistic({ ...problem, outputs: present.length, link }, options);
}

/** Fits two classes by one score s, as scikit-learn does. The layer's two outputs are −s/2 and s/2. */
async function fitTwo({ present, ...problem }: Present, { start, ...options }: Options): Promise<Fit> {
  const { targets, D } = problem.examples;
  const link = sigmoidLink((row) => (targets[row] === present[1] ? 1 : 0));
  const one = start && {
    outputs: 1,
    weight: start.weight.slice(D).map((weight) => 2 * weight),
    bias: start.bias.slice(1).map((bias) => 2 * bias),
  };
  const { map, ...rest } = await fitLogistic({ ...problem, outputs: 1, link }, { ...options, start: one });
  return { map: { outputs: 2, weight: halves(map.weight), bias: halves(map.bias) }, ...rest };
}

function halves(numbers: Float64Array): Float64Array {
  const both = new Float64Array(2 * numbers.length);
  both.set(numbers.map((number) => -number / 2));
  both.set(
    numbers.map((number) => number / 2),
    numbers.length,
  );
  return both;
}

function constant(D: number): LinearMap {
  return { outputs: 1, weight: new Float64Array(D), bias: new Float64Array(1) };
}

function classesIn({ learnt: { targets }, outputs }: HeadProblem, rows: Int32Array): readonly number[] {
  const counts = new Int32Array(outputs);
  for (const row of rows) counts[targets[row] as number] = 1;
  return [...counts.keys()].filter((label) => counts[label] === 1);
}

/** Returns a layer with an output for every class, made from a layer with outputs for the fitted classes only. */
async function widened(
  {
    problem: { learnt, outputs },
    rows,
    present,
  }: Pick<Present, 'rows' | 'present'> & { readonly problem: HeadProblem },
  map: LinearMap,
  breather: Breather,
): Promise<LinearMap> {
  if (present.length === outputs) return map;
  const { D, weights } = learnt;
  const total = sumOf(weights, rows);
  const absent = (await meanLogSum(map, learnt, rows, breather)) - Math.log(total + 1);
  const wide = { outputs, weight: new Float64Array(outputs * D), bias: new Float64Array(outputs).fill(absent) };
  placeOutputs(map, present, wide, D);
  return wide;
}

/** Returns the mean of log Σ exp(score) over the rows. */
async function meanLogSum(map: LinearMap, examples: Examples, rows: Int32Array, breather: Breather): Promise<number> {
  const scores = new Float64Array(map.outputs);
  const stretch = rowsPerStretch(map.outputs * examples.D);
  let sum = 0;
  for (const [index, row] of rows.entries()) {
    if (index % stretch === 0) await breather.breathe();
    scoreRow(map, examples, row, scores);
    const top = Math.max(...scores);
    sum += top + Math.log(scores.reduce((powers, score) => powers + Math.exp(score - top), 0));
  }
  return sum / rows.length;
}
