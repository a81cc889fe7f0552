import type { CurvatureAt } from './curvature';
import type { Examples } from './labelled_features';
import type { Fit, FitOptions } from './logistic';

/** A linear layer to be solved for. */
export interface HeadProblem {
  /** The examples over which figures are computed. */
  readonly examples: Examples;
  /**
   * The rows from which a fit learns: `rowsEach` successive rows for each example. They are the example itself and its views, which share
   * its weight.
   */
  readonly learnt: Examples;
  readonly rowsEach: number;
  readonly outputs: number;
  readonly hasBias: boolean;
  /** Set if an estimate of the loss's curvature saves work. */
  readonly curvatureAt?: CurvatureAt | undefined;
}

/** Loss and accuracy over examples. */
export interface Judged {
  /** The mean, weighted by the examples' weights. */
  readonly loss: number;
  /** The share of right predictions; null for numbers. */
  readonly accuracy: number | null;
  /** Each example's share of the loss, times N: their plain mean is the loss. */
  readonly losses: Float64Array;
  /**
   * The number of examples of each class (rows) that were predicted as each class (columns). Null for other targets, and for many classes.
   */
  readonly confusion: readonly (readonly number[])[] | null;
}

/** How cross-validation chooses the strength of the penalty. */
export interface StrengthChoice {
  /** From strong penalties to weak ones. */
  readonly strengths: readonly number[];
  /** How far the loss may be above the lowest one, in standard errors: among such strengths the strongest penalty is chosen. */
  readonly standardErrors: number;
  /** Whether the scores are scaled so that they are calibrated. */
  readonly isScaled: boolean;
}

/**
 * For labels. Strong penalties predict best from few examples, but make scores too small; weak penalties make the scores larger and the
 * predictions worse. So the scale is chosen separately, and the penalty is as strong as the examples allow.
 */
export const LABEL_CHOICE: StrengthChoice = { strengths: [1, 10, 100, 1000], standardErrors: 1, isScaled: true };

export interface HeadFitOptions extends FitOptions {
  /** Default: 1. The factor of the scores that depend on features. The solver for numbers ignores it. */
  readonly scale?: number;
}

/** A way to solve for a head, by the kind of its targets. */
export interface HeadSolver {
  readonly choice: StrengthChoice;
  /** Fits rows of `learnt`. */
  fit(problem: HeadProblem, rows: Int32Array, options: HeadFitOptions): Promise<Fit>;
  /**
   * The loss of a row with these scores, and whether its prediction is right; `isRight` is undefined for numbers. May overwrite the scores.
   */
  judge(examples: Examples, row: number, scores: Float64Array): { readonly loss: number; readonly isRight?: boolean };
  /** The likeliest class by scores; undefined for other targets. */
  told?(scores: Float64Array): number;
  /** The group of a row. Each fold gets an equal share of every group. */
  group(examples: Examples, row: number): number;
}
