import { Breather } from '../core/async/breather';
import { WebVeraError } from '../core/errors/error';
import type { Warning } from '../core/errors/warning';
import type { ProblemType } from '../core/types/model';
import { CLASSES } from './class_solver';
import { crossValidate, judge } from './cross_validation';
import { curvatureOf } from './curvature';
import { LABELS } from './label_solver';
import { addScaled, allRows, dot, type Examples, type LinearMap } from './labelled_features';
import { NUMBERS } from './number_solver';
import type { HeadProblem, HeadSolver, Judged } from './problem';

/** Features of examples and the layer over them that is to be solved for. */
export interface HeadRequest {
  readonly problem: ProblemType;
  /** (N, D) */
  readonly features: Float32Array;
  readonly D: number;
  /** (N) classes, or (N, outputs): 1 or 0 for each label, or numbers. */
  readonly targets: Float64Array;
  /** (N): above 0. */
  readonly weights: Float64Array;
  readonly outputs: number;
  readonly hasBias: boolean;
  /**
   * Inverse strength of the penalty, as scikit-learn's, for features with a mean squared length of 1; 'auto': by
   * cross-validation, or `USUAL_C` where no class has two examples.
   */
  readonly C: number | 'auto';
  /** The factor of the scores. Default: 1, or as cross-validation chooses it. */
  readonly scale?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SolvedHead extends Judged {
  /** (outputs, D), for the features as they were given. */
  readonly weight: Float32Array<ArrayBuffer>;
  /** (outputs): zeros for a head without. */
  readonly bias: Float32Array<ArrayBuffer>;
  readonly C: number;
  /** The factor of the scores, which `weight` and `bias` include. */
  readonly scale: number;
  /** Figures over examples that were held out in turn; null if the strength was given or nothing could be held out. */
  readonly crossValidated: (Judged & { readonly folds: number }) | null;
  /** Evaluations of the objective by the last regression. */
  readonly evaluations: number;
  readonly warnings: readonly Warning[];
}

/** The strength without cross-validation. */
export const USUAL_C = 10;
/** The largest entry of the mean loss's gradient at the end. */
export const TOLERANCE = 1e-7;
/** 256 MiB in float64. */
const MOST_FEATURES = 2 ** 25;
/** L-BFGS holds 24 vectors of so many numbers. */
const MOST_WEIGHTS = 2 ** 21;

const SOLVERS: Readonly<Record<ProblemType, HeadSolver>> = {
  single_label_classification: CLASSES,
  multi_label_classification: LABELS,
  regression: NUMBERS,
};

/**
 * Solves for a linear layer over fixed features, to the end, in float64. The same request gives the same bits wherever `Math.exp`
 * and `Math.log` round alike; browsers differ in their last bit at most.
 *
 * Throws `invalid_argument` for classes of which only one has examples, `numerical_error` for features that aren't finite,
 * `limit_exceeded` for more than memory should hold, and the reason of `signal`.
 */
export async function solveHead(request: HeadRequest): Promise<SolvedHead> {
  const { D, outputs, hasBias, C: wanted, signal } = request;
  expectModest(request);
  expectSeveralClasses(request);
  const solver = SOLVERS[request.problem];
  const { examples, scaling } = scaled(request);
  const breather = new Breather(signal);
  const curvatureAt = request.problem === 'regression' ? undefined : await curvatureOf(examples, outputs, breather);
  const problem: HeadProblem = { examples, outputs, hasBias, curvatureAt };
  const chosen = wanted === 'auto' ? await crossValidate(solver, problem, signal) : undefined;
  const C = chosen?.C ?? (wanted === 'auto' ? USUAL_C : wanted);
  const curvature = await curvatureAt?.(C, breather);
  const scale = request.scale ?? chosen?.scale ?? 1;
  const options = { C, scale, start: chosen?.start, tolerance: TOLERANCE, breather, curvature };
  const { map, evaluations, isConverged } = await solver.fit(problem, allRows(examples.N), options);
  const judged = await judge(solver, problem, map, signal);
  const warnings = warningsOf(C, scaling, isConverged);
  const crossValidated = chosen ? { loss: chosen.loss, accuracy: chosen.accuracy, folds: chosen.folds } : null;
  return { ...unscaled(map, scaling, D), ...judged, C, scale, crossValidated, evaluations, warnings };
}

/** Loss and accuracy of a layer over features: `weight` (outputs, D), `bias` (outputs). Throws the reason of `signal`. */
export function judgeHead(
  { problem, features, D, targets, weights, outputs, signal }: Omit<HeadRequest, 'C' | 'hasBias'>,
  { weight, bias }: { readonly weight: Float32Array; readonly bias: Float32Array },
): Promise<Judged> {
  const N = weights.length;
  const examples = { N, D, T: targets.length / N, features: Float64Array.from(features), targets, weights };
  const map = { outputs, weight: Float64Array.from(weight), bias: Float64Array.from(bias) };
  return judge(SOLVERS[problem], { examples, outputs, hasBias: true }, map, signal);
}

interface FeatureScale {
  /** (D) */
  readonly means: Float64Array;
  /** 0 for features that are all the same. */
  readonly length: number;
}

/** Features relative to their mean, if a bias can make up for it, with a mean squared length of 1. */
function scaled({ features, D, targets, weights, hasBias }: HeadRequest): {
  examples: Examples;
  scaling: FeatureScale;
} {
  const N = weights.length;
  const all = Float64Array.from(features);
  const means = new Float64Array(D);
  for (let row = 0; hasBias && row < N; row++) addScaled(means, 0, 1 / N, { of: all, start: row * D }, D);
  for (let row = 0; row < N; row++) addScaled(all, row * D, -1, { of: means, start: 0 }, D);
  const square = dot(all, 0, all, 0, all.length) / N;
  if (!Number.isFinite(square)) throw notFinite(features, D);
  // Rounding leaves equal features such a part of their mean.
  const isFlat = square <= Number.EPSILON * dot(means, 0, means, 0, D) * D;
  const length = isFlat ? 0 : Math.sqrt(square);
  const factor = isFlat ? 0 : 1 / length;
  for (let i = 0; i < all.length; i++) all[i] = (all[i] as number) * factor;
  const T = targets.length / N;
  return { examples: { N, D, T, features: all, targets, weights }, scaling: { means, length } };
}

/** The layer for the features as they were before they were scaled. */
function unscaled(map: LinearMap, { means, length }: FeatureScale, D: number): Pick<SolvedHead, 'weight' | 'bias'> {
  const factor = length === 0 ? 0 : 1 / length;
  const weight = map.weight.map((entry) => entry * factor);
  const bias = map.bias.map((entry, k) => entry - dot(weight, k * D, means, 0, D));
  return { weight: Float32Array.from(weight), bias: Float32Array.from(bias) };
}

function notFinite(features: Float32Array, D: number): WebVeraError {
  const place = features.findIndex((feature) => !Number.isFinite(feature));
  return new WebVeraError(
    'numerical_error',
    `features: expected finite numbers, got ${features[place]} in example ${Math.floor(place / D)}`,
    {
      hint: 'The adapter may hold values that are too large: begin with a new one.',
      detail: { example: Math.floor(place / D) },
    },
  );
}

function expectModest({ features, D, outputs }: HeadRequest): void {
  const scores = (features.length / D) * outputs;
  const isModest = Math.max(features.length, scores) <= MOST_FEATURES && outputs * D <= MOST_WEIGHTS;
  if (isModest) return;
  throw new WebVeraError(
    'limit_exceeded',
    `A head: expected at most ${MOST_FEATURES} features or scores in all and ${MOST_WEIGHTS} weights, got ${features.length}, ${scores} and ${outputs * D}`,
    { hint: 'Pass fewer examples, or train the head by Trainer.' },
  );
}

function expectSeveralClasses({ problem, targets }: HeadRequest): void {
  const [first] = targets;
  if (problem !== 'single_label_classification' || targets.some((target) => target !== first)) return;
  throw new WebVeraError(
    'invalid_argument',
    `A head: expected examples of at least two classes, got ${targets.length} of one class`,
    { hint: 'Add examples with another label.', detail: { classes: 1 } },
  );
}

function warningsOf(C: number, { length }: FeatureScale, isConverged: boolean): Warning[] {
  const warnings: Warning[] = [];
  if (length === 0) {
    const message = 'A head: all examples have the same features, so it only learns how common each label is';
    warnings.push({ code: 'equal_features', message });
  }
  if (!isConverged) {
    const message = `A head: the regression ended before its minimum, with C ${C}; a smaller C is easier`;
    warnings.push({ code: 'not_converged', message });
  }
  return warnings;
}
