import type { CurvatureAt } from './curvature';
import type { Examples } from './labelled_features';
import type { Fit, FitOptions } from './logistic';

/** A linear layer to fit to examples. */
export interface HeadProblem {
  /** The examples over which loss and accuracy are computed. */
  readonly examples: Examples;
  /**
   * The rows that are fitted. Each example has `rowsEach` successive rows: the example itself and its views (augmented copies), which share
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
  /** The mean loss, weighted by the examples' weights. */
  readonly loss: number;
  /** The share of correct predictions; null for numbers. */
  readonly accuracy: number | null;
  /** Each example's contribution to the loss, times N: the unweighted mean of these numbers is the loss. */
  readonly losses: Float64Array;
  /**
   * The number of examples of each class (rows) that were predicted as each class (columns). Null for other targets, and if there are too
   * many classes.
   */
  readonly confusion: readonly (readonly number[])[] | null;
}

/** How cross-validation chooses the strength of the penalty. */
export interface StrengthChoice {
  /** Values of C, from strong penalties to weak ones. */
  readonly strengths: readonly number[];
  /** The chosen penalty is the strongest one whose loss is at most this many standard errors above the lowest loss. */
  readonly standardErrors: number;
  /** Whether the scores are multiplied by a factor that calibrates them. */
  readonly isScaled: boolean;
}

/**
 * How C is chosen for classes and labels. With few examples, strong penalties give the best predictions, but scores that are too small;
 * weak penalties give larger scores and worse predictions. So the scale of the scores is chosen separately, and of the penalties whose
 * losses hardly differ, the strongest is chosen.
 */
export const LABEL_CHOICE: StrengthChoice = { strengths: [1, 10, 100, 1000], standardErrors: 1, isScaled: true };

export interface HeadFitOptions extends FitOptions {
  /**
   * The factor by which the scores are multiplied. It doesn't apply to predicted numbers, nor to classes and labels that have the same
   * score for all examples. Default: 1.
   */
  readonly scale?: number;
}

/** Solves for a head with one kind of targets: classes, labels or numbers. */
export interface HeadSolver {
  readonly choice: StrengthChoice;
  /** Fits the given rows of `learnt`. */
  fit(problem: HeadProblem, rows: Int32Array, options: HeadFitOptions): Promise<Fit>;
  /**
   * Returns the loss of a row with these scores, and whether its prediction is correct; `isRight` is undefined for numbers. May overwrite
   * the scores.
   */
  judge(examples: Examples, row: number, scores: Float64Array): { readonly loss: number; readonly isRight?: boolean };
  /** Returns the class with the highest score. Solvers for several labels at once, or for regression, don't have this method. */
  told?(scores: Float64Array): number;
  /** Returns the group of a row, such as its class. Each fold of the cross-validation gets an equal share of every group. */
  group(examples: Examples, row: number): number;
  /**
   * Returns the largest number of examples that have one label in common. Only a solver for several labels at once has this method, because
   * its groups are sets of labels, and few examples may have the same set.
   */
  mostOfLabel?(examples: Examples): number;
}
