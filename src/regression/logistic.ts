import type { Breather } from '../core/async/breather';
import type { LossCurvature } from './curvature';
import { addScaled, dot, type Examples, type LinearMap, rowsPerStretch, sumOf } from './labelled_features';
import { minimise, type Objective } from './lbfgs';
import { addBlock, BLOCK, scoreBlock } from './row_block';

/** Replaces a row's scores with the gradient of the row's loss with respect to them. Returns the loss. */
export type LossLink = (scores: Float64Array, row: number) => number;

/** A regression over some of the examples. */
export interface LogisticProblem {
  readonly examples: Examples;
  /** The rows to fit. */
  readonly rows: Int32Array;
  readonly outputs: number;
  readonly link: LossLink;
  /** Whether the layer has a bias, which isn't penalised. */
  readonly hasBias: boolean;
}

export interface FitOptions {
  /** The inverse strength of the penalty: the fit minimises Σ weight·loss + ‖W‖² / 2C. */
  readonly C: number;
  /** The layer from which the fit starts. Default: zeros. */
  readonly start?: LinearMap | undefined;
  readonly tolerance: number;
  readonly breather: Breather;
  /** An estimate of the loss's curvature with this C. Default: none, which takes more evaluations. */
  readonly curvature?: LossCurvature | undefined;
}

export interface Fit {
  readonly map: LinearMap;
  readonly evaluations: number;
  readonly isConverged: boolean;
}

/** The number of evaluations of the objective after which a regression ends, converged or not. */
const MOST_EVALUATIONS = 2000;

/** Minimises the mean loss + ‖W‖² / (2·C·Σ weights), as scikit-learn's `LogisticRegression` does. */
export async function fitLogistic(problem: LogisticProblem, options: FitOptions): Promise<Fit> {
  const { examples, outputs, hasBias } = problem;
  const end = outputs * examples.D;
  const start = new Float64Array(end + (hasBias ? outputs : 0));
  if (options.start !== undefined) {
    start.set(options.start.weight);
    if (hasBias) start.set(options.start.bias, end);
  }
  const { tolerance, curvature, breather } = options;
  const precondition = curvature && ((d: Float64Array) => divide(d, curvature, problem, breather));
  const search = { tolerance, most: MOST_EVALUATIONS, precondition, breather };
  const found = await minimise(objective(problem, options), start, search);
  const bias = hasBias ? found.x.slice(end) : new Float64Array(outputs);
  const { evaluations, isConverged } = found;
  return { map: { outputs, weight: found.x.slice(0, end), bias }, evaluations, isConverged };
}

async function divide(
  d: Float64Array,
  curvature: LossCurvature,
  { examples: { D }, outputs }: LogisticProblem,
  breather: Breather,
): Promise<void> {
  for (let k = 0; k < outputs; k++) {
    await breather.breathe();
    curvature.divide(d, k * D);
  }
  for (let i = outputs * D; i < d.length; i++) d[i] = (d[i] as number) / curvature.ofBias;
}

function objective(problem: LogisticProblem, { C, breather }: Pick<FitOptions, 'C' | 'breather'>): Objective {
  const { examples, rows, outputs, hasBias } = problem;
  const { D } = examples;
  const end = outputs * D;
  const total = sumOf(examples.weights, rows);
  const block = { features: examples.features, D, places: new Int32Array(BLOCK) };
  const scores = Array.from({ length: BLOCK }, () => new Float64Array(outputs));
  const stretch = rowsPerStretch(2 * outputs * D);
  let sinceBreath = 0;
  return async (x, gradient) => {
    let loss = 0;
    for (let from = 0; from < rows.length; from += BLOCK) {
      sinceBreath += BLOCK;
      if (sinceBreath >= stretch) {
        sinceBreath = 0;
        await breather.breathe();
      }
      // If the last block of rows isn't full, it repeats the last row; `residuals` gives repeated rows no weight.
      for (let i = 0; i < BLOCK; i++) block.places[i] = D * (rows[Math.min(from + i, rows.length - 1)] as number);
      for (let k = 0; k < outputs; k++) scoreBlock(block, x, k * D, scores, k);
      loss += residuals(problem, { scores, from, total, bias: hasBias ? x.subarray(end) : undefined });
      for (let k = 0; k < outputs; k++) {
        addBlock(block, gradient, k * D, scores, k);
        if (hasBias) for (const own of scores) gradient[end + k] = (gradient[end + k] as number) + (own[k] as number);
      }
    }
    const decay = 1 / (C * total);
    addScaled(gradient, 0, decay, { of: x, start: 0 }, end);
    return loss + (decay / 2) * dot(x, 0, x, 0, end);
  };
}

interface BlockScores {
  /** The scores of each row, without the bias. */
  readonly scores: readonly Float64Array[];
  /** The block's first row, as an index into the problem's `rows`. */
  readonly from: number;
  /** The sum of the weights of all rows in the problem. */
  readonly total: number;
  readonly bias: Float64Array | undefined;
}

/** Replaces the scores of a block of rows with the gradient of the mean loss. Returns the block's share of that loss. */
function residuals({ examples, rows, link }: LogisticProblem, { scores, from, total, bias }: BlockScores): number {
  let loss = 0;
  for (const [i, own] of scores.entries()) {
    const row = rows[from + i];
    if (row === undefined) {
      own.fill(0);
      continue;
    }
    if (bias !== undefined) for (let k = 0; k < own.length; k++) own[k] = (own[k] as number) + (bias[k] as number);
    const share = (examples.weights[row] as number) / total;
    loss += share * link(own, row);
    for (let k = 0; k < own.length; k++) own[k] = share * (own[k] as number);
  }
  return loss;
}

/** The softmax cross-entropy of one class. `classOf` returns the class of a row as an index into its scores. */
export function softmaxLink(classOf: (row: number) => number): LossLink {
  return (scores, row) => {
    const own = classOf(row);
    const top = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
    const score = scores[own] as number;
    let sum = 0;
    for (let k = 0; k < scores.length; k++) {
      const power = Math.exp((scores[k] as number) - top);
      scores[k] = power;
      sum += power;
    }
    for (let k = 0; k < scores.length; k++) scores[k] = (scores[k] as number) / sum;
    scores[own] = (scores[own] as number) - 1;
    return top + Math.log(sum) - score;
  };
}

/** The sum of the binary cross-entropies of a row's scores. `targetOf` returns the probability of an output, from 0 to 1. */
export function sigmoidLink(targetOf: (row: number, output: number) => number): LossLink {
  return (scores, row) => {
    let loss = 0;
    for (let k = 0; k < scores.length; k++) {
      const score = scores[k] as number;
      const target = targetOf(row, k);
      const power = Math.exp(-Math.abs(score));
      const likely = score >= 0 ? 1 / (1 + power) : power / (1 + power);
      loss += Math.max(score, 0) - target * score + Math.log1p(power);
      scores[k] = likely - target;
    }
    return loss;
  };
}
