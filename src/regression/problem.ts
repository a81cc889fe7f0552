import type { CurvatureAt } from './curvature';
import type { Examples } from './labelled_features';
import type { Fit, FitOptions } from './logistic';

/** A linear layer to be solved for. */
export interface HeadProblem {
  readonly examples: Examples;
  readonly outputs: number;
  readonly hasBias: boolean;
  /** Set where an estimate of the loss's curvature saves work. */
  readonly curvatureAt?: CurvatureAt | undefined;
}

/** A way to solve for a head, by the kind of its targets. */
export interface HeadSolver {
  /** Fits the examples of these rows. */
  fit(problem: HeadProblem, rows: Int32Array, options: FitOptions): Promise<Fit>;
  /** The loss of a row with these scores, and whether the prediction is right; undefined for numbers. May overwrite the scores. */
  judge(examples: Examples, row: number, scores: Float64Array): { readonly loss: number; readonly isRight?: boolean };
  /** The group of a row. Each fold gets an equal share of every group. */
  group(examples: Examples, row: number): number;
}
