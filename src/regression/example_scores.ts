import { Breather } from '../core/async/breather';
import { allRows, type LinearMap, rowsPerStretch, scoreRow } from './labelled_features';
import type { HeadProblem, HeadSolver, Judged } from './problem';

/** The loss and accuracy on examples whose scores are multiplied by `scale`. */
export interface ScaledFigures extends Omit<Judged, 'confusion'> {
  /** The factor by which the scores are multiplied. */
  readonly scale: number;
  /** The standard error of the mean loss. */
  readonly standardError: number;
}

/** The scale of the scores is a power of e: the smallest and the largest exponent, and the precision to which the best one is searched. */
const [LEAST, MOST, EXACT] = [-3, 6, 0.02];
/** The largest number of classes of a confusion matrix: more would take too much memory. */
const MOST_CLASSES = 256;
/** The inverse of the golden ratio. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Scores of examples. They come from one solution, or from several solutions that each score a part of the examples. */
export class ExampleScores {
  readonly #solver: HeadSolver;
  readonly #problem: HeadProblem;
  readonly #breather: Breather;
  /** (N, outputs) */
  readonly #scores: Float64Array;

  constructor(solver: HeadSolver, problem: HeadProblem, breather: Breather) {
    this.#solver = solver;
    this.#problem = problem;
    this.#breather = breather;
    this.#scores = new Float64Array(problem.examples.N * problem.outputs);
  }

  /** Computes the scores that a solved head gives to all examples. Rejects with `signal.reason` when aborted. */
  static async of(
    solver: HeadSolver,
    problem: HeadProblem,
    map: LinearMap,
    signal: AbortSignal | undefined,
  ): Promise<ExampleScores> {
    const scores = new ExampleScores(solver, problem, new Breather(signal));
    await scores.add(map, allRows(problem.examples.N));
    return scores;
  }

  async add(map: LinearMap, rows: Int32Array): Promise<void> {
    const { examples } = this.#problem;
    const { outputs } = map;
    const stretch = rowsPerStretch(outputs * examples.D);
    for (const [index, row] of rows.entries()) {
      if (index % stretch === 0) await this.#breather.breathe();
      scoreRow(map, examples, row, this.#scores.subarray(row * outputs, (row + 1) * outputs));
    }
  }

  /** Computes the loss and accuracy on all examples, and the confusion matrix. */
  async judged(): Promise<Judged> {
    const { loss, accuracy, losses } = await this.figures(1);
    return { loss, accuracy, losses, confusion: this.confusion() };
  }

  /**
   * Resolves with the loss and accuracy at the scale that calibrates the scores; at scale 1 for solvers without `isScaled`. As in Laplace's
   * rule of succession, one wrong answer is added to the examples: its loss is the mean loss of the negated scores. Without this answer, a
   * head that is right about all of ten examples would get the largest scale.
   */
  async scaledFigures(): Promise<ScaledFigures> {
    if (!this.#solver.choice.isScaled) return this.figures(1);
    const { N } = this.#problem.examples;
    const cost = async (power: number): Promise<number> =>
      N * (await this.figures(Math.exp(power))).loss + (await this.figures(-Math.exp(power))).loss;
    return this.figures(Math.exp(await lowest(cost)));
  }

  /** Computes the loss and accuracy on all examples, with their scores multiplied by `scale`. */
  async figures(scale: number): Promise<ScaledFigures> {
    const { examples, outputs } = this.#problem;
    const { N, weights } = examples;
    const losses = new Float64Array(N);
    const scores = new Float64Array(outputs);
    const stretch = rowsPerStretch(16 * outputs);
    let [sum, total, right, judged] = [0, 0, 0, 0];
    for (let row = 0; row < N; row++) {
      if (row % stretch === 0) await this.#breather.breathe();
      for (let k = 0; k < outputs; k++) scores[k] = scale * (this.#scores[row * outputs + k] as number);
      const { loss, isRight } = this.#solver.judge(examples, row, scores);
      losses[row] = loss;
      sum += (weights[row] as number) * loss;
      total += weights[row] as number;
      judged += Number(isRight !== undefined);
      right += Number(isRight === true);
    }
    const mean = sum / total;
    const squares = losses.reduce((all, loss, row) => all + ((weights[row] as number) * (loss - mean)) ** 2, 0);
    const standardError = (Math.sqrt(squares) / total) * Math.sqrt(N / (N - 1));
    const shares = losses.map((loss, row) => (loss * (weights[row] as number) * N) / total);
    return { loss: mean, accuracy: judged === 0 ? null : right / N, scale, standardError, losses: shares };
  }

  /**
   * Counts the examples of each class (rows) that were predicted as each class (columns). A positive scale of the scores doesn't change
   * this.
   */
  confusion(): Judged['confusion'] {
    const { examples, outputs } = this.#problem;
    const told = this.#solver.told;
    if (told === undefined || outputs > MOST_CLASSES) return null;
    const counts = Array.from({ length: outputs }, () => new Array<number>(outputs).fill(0));
    for (let row = 0; row < examples.N; row++) {
      const own = counts[examples.targets[row] as number];
      const taken = told(this.#scores.subarray(row * outputs, (row + 1) * outputs));
      if (own !== undefined) own[taken] = (own[taken] ?? 0) + 1;
    }
    return counts;
  }
}

/** Resolves with the exponent for which `cost` is lowest, by golden-section search. `cost` must have a single minimum. */
async function lowest(cost: (power: number) => Promise<number>): Promise<number> {
  let [from, to] = [LEAST, MOST];
  let [left, right] = [to - GOLDEN * (to - from), from + GOLDEN * (to - from)];
  let [leftCost, rightCost] = [await cost(left), await cost(right)];
  while (to - from > EXACT) {
    if (leftCost <= rightCost) {
      [to, right, rightCost] = [right, left, leftCost];
      left = to - GOLDEN * (to - from);
      leftCost = await cost(left);
    } else {
      [from, left, leftCost] = [left, right, rightCost];
      right = from + GOLDEN * (to - from);
      rightCost = await cost(right);
    }
  }
  return (from + to) / 2;
}
