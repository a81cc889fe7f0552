import { Breather } from '../core/async/breather';
import { WebVeraError } from '../core/errors/error';
import type { Warning } from '../core/errors/warning';
import type { ProblemType } from '../core/types/model';
import { CLASSES } from './class_solver';
import { crossValidate } from './cross_validation';
import { curvatureOf } from './curvature';
import { ExampleScores, type ScaledFigures } from './example_scores';
import { LABELS } from './label_solver';
import { allRows } from './labelled_features';
import { NUMBERS } from './number_solver';
import type { HeadProblem, HeadSolver, Judged } from './problem';
import { type FeatureScale, scaled, unscaled } from './scaled_features';

/** The features and targets of examples, and the linear layer to solve for. */
export interface HeadRequest {
  readonly problem: ProblemType;
  /** (N, D) */
  readonly features: Float32Array;
  /** (N, V, D): the features of V views (augmented copies) of each example, which are used only for fitting. Default: none. */
  readonly views?: Float32Array | undefined;
  readonly D: number;
  /** (N) class indices, or (N, outputs): a probability from 0 to 1 for each label, or a number for each output. */
  readonly targets: Float64Array;
  /** (N): the weight of each example's loss, above 0. */
  readonly weights: Float64Array;
  readonly outputs: number;
  readonly hasBias: boolean;
  /**
   * The inverse strength of the penalty, as in scikit-learn, for feature vectors whose norms have a mean square of 1. 'auto' chooses it by
   * cross-validation, or takes `USUAL_C` if no example can be held out.
   */
  readonly C: number | 'auto';
  /** The factor by which the scores are multiplied. Default: the factor that cross-validation chooses, or 1 without cross-validation. */
  readonly scale?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SolvedHead extends Judged {
  /** (outputs, D): applies to the features as they were given, before they were scaled. */
  readonly weight: Float32Array<ArrayBuffer>;
  /** (outputs): zeros for a head without a bias. */
  readonly bias: Float32Array<ArrayBuffer>;
  readonly C: number;
  /** The factor by which the scores were multiplied. `weight` and `bias` already include it. */
  readonly scale: number;
  /** Loss and accuracy over examples that were held out in turn; null if C was given or no example could be held out. */
  readonly crossValidated: (Judged & { readonly folds: number }) | null;
  /** How often the last regression evaluated its objective. */
  readonly evaluations: number;
  readonly warnings: readonly Warning[];
}

/** The inverse strength C of the penalty if cross-validation isn't possible. */
export const USUAL_C = 10;
/** The final regression ends when no entry of the mean loss's gradient has a larger absolute value. */
export const TOLERANCE = 1e-7;
/** The largest number of features of all examples together, and of their scores: 256 MiB in float64. */
const MOST_FEATURES = 2 ** 25;
/** The largest number of weights. L-BFGS holds 24 vectors of that length. */
const MOST_WEIGHTS = 2 ** 21;

const SOLVERS: Readonly<Record<ProblemType, HeadSolver>> = {
  single_label_classification: CLASSES,
  multi_label_classification: LABELS,
  regression: NUMBERS,
};

/**
 * Solves for a linear layer over fixed features, to convergence, in float64. The same request gives the same bits wherever `Math.exp` and
 * `Math.log` round alike; between browsers, these functions differ in the last bit at most.
 *
 * Throws `invalid_argument` if only one class has examples, `numerical_error` for features that aren't finite, `limit_exceeded` for data
 * that would take too much memory, and the reason of `signal`.
 */
export async function solveHead(request: HeadRequest): Promise<SolvedHead> {
  const { D, outputs, hasBias, C: wanted, signal } = request;
  expectModest(request);
  expectSeveralClasses(request);
  const solver = SOLVERS[request.problem];
  const { scaling, ...rows } = scaled(request);
  const breather = new Breather(signal);
  const curvatureAt = request.problem === 'regression' ? undefined : await curvatureOf(rows.learnt, outputs, breather);
  const problem: HeadProblem = { ...rows, outputs, hasBias, curvatureAt };
  const chosen = wanted === 'auto' ? await crossValidate(solver, problem, signal) : undefined;
  const C = chosen?.C ?? (wanted === 'auto' ? USUAL_C : wanted);
  const curvature = await curvatureAt?.(C, breather);
  const scale = request.scale ?? chosen?.scale ?? 1;
  const options = { C, scale, start: chosen?.start, tolerance: TOLERANCE, breather, curvature };
  const { map, evaluations, isConverged } = await solver.fit(problem, allRows(rows.learnt.N), options);
  const judged = await (await ExampleScores.of(solver, problem, map, signal)).judged();
  const warnings = warningsOf(C, scaling, isConverged);
  const crossValidated = chosen === undefined ? null : { ...judgedOf(chosen), folds: chosen.folds };
  return { ...unscaled(map, scaling, D), ...judged, C, scale, crossValidated, evaluations, warnings };
}

type JudgedExamples = Omit<HeadRequest, 'C' | 'hasBias' | 'views'>;
/** `weight` (outputs, D), `bias` (outputs). */
type GivenLayer = Pick<SolvedHead, 'weight' | 'bias'>;

/** Computes the loss and accuracy of a layer over features. Throws the reason of `signal`. */
export async function judgeHead(request: JudgedExamples, layer: GivenLayer): Promise<Judged> {
  return (await scoresOf(request, layer)).judged();
}

/**
 * As `judgeHead`, but first scales the layer's scores by the factor `scale` that calibrates them over these features. Thus the losses of
 * two layers are comparable, even if one layer is too confident. For numbers, `scale` is 1.
 */
export async function calibrateHead(request: JudgedExamples, layer: GivenLayer): Promise<ScaledFigures> {
  return (await scoresOf(request, layer)).scaledFigures();
}

function scoresOf(
  { problem, features, D, targets, weights, outputs, signal }: JudgedExamples,
  { weight, bias }: GivenLayer,
): Promise<ExampleScores> {
  const N = weights.length;
  const examples = { N, D, T: targets.length / N, features: Float64Array.from(features), targets, weights };
  const map = { outputs, weight: Float64Array.from(weight), bias: Float64Array.from(bias) };
  const given = { examples, learnt: examples, rowsEach: 1, outputs, hasBias: true };
  return ExampleScores.of(SOLVERS[problem], given, map, signal);
}

function judgedOf({ loss, accuracy, losses, confusion }: Judged): Judged {
  return { loss, accuracy, losses, confusion };
}

function expectModest({ features, views, D, outputs }: HeadRequest): void {
  const numbers = features.length + (views?.length ?? 0);
  const scores = (numbers / D) * outputs;
  const isModest = Math.max(numbers, scores) <= MOST_FEATURES && outputs * D <= MOST_WEIGHTS;
  if (isModest) return;
  throw new WebVeraError(
    'limit_exceeded',
    `A head: expected at most ${MOST_FEATURES} features or scores in all and ${MOST_WEIGHTS} weights, got ${numbers}, ${scores} and ${outputs * D}`,
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
