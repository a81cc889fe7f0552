import { Breather } from '../core/async/breather';
import { groupBy } from '../core/input/group_by';
import { ExampleScores, type ScaledFigures } from './example_scores';
import { allRows, type LinearMap } from './labelled_features';
import type { HeadProblem, HeadSolver, Judged } from './problem';

/** A value of C (the inverse strength of the penalty), with the loss and accuracy on examples that were held out in turn. */
export interface ChosenStrength extends ScaledFigures, Judged {
  readonly C: number;
  readonly folds: number;
  /** The layer from which the final fit starts: the mean of the folds' solutions, which is close to the solution for all examples. */
  readonly start: LinearMap;
}

/** A fold's fit ends when no gradient entry has a larger absolute value. Three correct digits of its solution suffice to choose C. */
const TOLERANCE = 1e-4;
/**
 * `standardErrors` is multiplied by this number if the examples have views (augmented copies), because views already regularise, as a
 * penalty does. With 50 to 100 images per class, the head is then right about two more images of 100 than with the full `standardErrors`.
 */
const SHARE_WITH_VIEWS = 0.25;
/** From this number of examples on, `FOLDS_OF_MANY` folds suffice. */
const MANY = 400;
const [FOLDS, FOLDS_OF_MANY] = [5, 3];

/**
 * Chooses C (the inverse strength of the penalty) and the scale of the scores by cross-validation. Penalties are tried from strong to weak:
 * each fit starts from the solution for the previous penalty, and the search ends as soon as the held-out loss doesn't fall. Resolves with
 * undefined if no group (such as a class) and no label has two examples, because then no example can be held out.
 */
export async function crossValidate(
  solver: HeadSolver,
  problem: HeadProblem,
  signal?: AbortSignal | undefined,
): Promise<ChosenStrength | undefined> {
  const folds = stratifiedFolds(solver, problem);
  if (folds === undefined) return undefined;
  const breather = new Breather(signal);
  const { strengths, standardErrors } = solver.choice;
  const tried: ChosenStrength[] = [];
  let best: ChosenStrength | undefined;
  let maps: readonly (LinearMap | undefined)[] = folds.map(() => undefined);
  for (const C of strengths) {
    const solved: LinearMap[] = [];
    const heldOut = new ExampleScores(solver, problem, breather);
    const curvature = await problem.curvatureAt?.(C, breather);
    for (const [index, { fitted, held }] of folds.entries()) {
      const { map } = await solver.fit(problem, fitted, {
        C,
        start: maps[index],
        tolerance: TOLERANCE,
        breather,
        curvature,
      });
      await heldOut.add(map, held);
      solved.push(map);
    }
    const figures = await heldOut.scaledFigures();
    if (best !== undefined && !(figures.loss < best.loss)) break;
    best = { C, folds: folds.length, start: meanOf(solved), ...figures, confusion: heldOut.confusion() };
    tried.push(best);
    maps = solved;
  }
  const allowed = standardErrors * (problem.rowsEach > 1 ? SHARE_WITH_VIEWS : 1);
  const bound = best && best.loss + allowed * best.standardError;
  return tried.find(({ loss }) => bound !== undefined && loss <= bound) ?? best;
}

interface Fold {
  /** The rows of `learnt` to fit. */
  readonly fitted: Int32Array;
  /** The examples that are held out. */
  readonly held: Int32Array;
}

/**
 * Distributes the examples of each group evenly over the folds. Returns undefined if no group has two examples, and no two examples have a
 * label in common.
 */
function stratifiedFolds(solver: HeadSolver, { examples, rowsEach }: HeadProblem): readonly Fold[] | undefined {
  const groups = groupBy(allRows(examples.N), (row) => solver.group(examples, row));
  const ofLabel = solver.mostOfLabel?.(examples) ?? 0;
  const most = [...groups.values()].reduce((longest, { length }) => Math.max(longest, length), ofLabel);
  if (most < 2) return undefined;
  const count = Math.min(most, examples.N >= MANY ? FOLDS_OF_MANY : FOLDS);
  const dealt = [...groups.values()].flat();
  return Array.from({ length: count }, (_, fold) => ({
    fitted: rowsOf(dealt.filter((_row, place) => place % count !== fold).sort(ascending), rowsEach),
    held: Int32Array.from(dealt.filter((_row, place) => place % count === fold)).sort(),
  }));
}

/** Returns the rows of these examples in `learnt`, each followed by the rows of its views. */
function rowsOf(examples: readonly number[], rowsEach: number): Int32Array {
  return Int32Array.from(
    examples.flatMap((example) => Array.from({ length: rowsEach }, (_, view) => example * rowsEach + view)),
  );
}

const ascending = (a: number, b: number): number => a - b;

function meanOf(maps: readonly LinearMap[]): LinearMap {
  const mean = (all: readonly Float64Array[]): Float64Array =>
    Float64Array.from(all[0] ?? [], (_, i) => all.reduce((sum, one) => sum + (one[i] as number), 0) / all.length);
  const outputs = maps[0]?.outputs ?? 0;
  return { outputs, weight: mean(maps.map(({ weight }) => weight)), bias: mean(maps.map(({ bias }) => bias)) };
}
