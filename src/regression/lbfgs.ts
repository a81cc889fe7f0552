import type { Breather } from '../core/async/breather';
import { addScaled, dot } from './labelled_features';

/** Returns the value at `x`, and writes the gradient at `x` to `gradient`. */
export type Objective = (x: Float64Array, gradient: Float64Array) => Promise<number>;

export interface MinimiseOptions {
  /** The search ends when no entry of the gradient has a larger absolute value. */
  readonly tolerance: number;
  /** The largest number of evaluations of the objective. */
  readonly most: number;
  /** Divides a direction by an estimate of the curvature, in place. Default: one curvature for all directions. */
  readonly precondition?: ((d: Float64Array) => Promise<void>) | undefined;
  readonly breather: Breather;
}

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly evaluations: number;
  /** Whether the gradient fell below the tolerance, or the value could not fall further in float64. */
  readonly isConverged: boolean;
}

/** A point, with the objective's value and gradient at this point. */
interface Point {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A step `s` and the change `y` of the gradient over that step. */
interface Curvature {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly sy: number;
  /** y · H·y, where H is the preconditioner. */
  readonly yHy: number;
}

/** The number of past steps from which the curvature is estimated, as in SciPy. */
const MEMORY = 10;
/** A step must decrease the loss by at least this share of the decrease that the slope predicts. */
const ARMIJO = 1e-4;
/** The relative rounding error of a mean loss. */
const ROUNDING = 1e-15;
const MOST_HALVINGS = 40;

/**
 * Minimises a convex, differentiable function by L-BFGS from `start`. The line search only checks for a sufficient decrease, because a
 * strictly convex function has positive curvature along each step. The same input gives the same bits.
 */
export async function minimise(
  evaluate: Objective,
  start: Float64Array,
  { tolerance, most, precondition: given, breather }: MinimiseOptions,
): Promise<Minimum> {
  let precondition = given;
  let evaluations = 0;
  const at = async (x: Float64Array): Promise<Point> => {
    evaluations += 1;
    const gradient = new Float64Array(x.length);
    return { x, value: await evaluate(x, gradient), gradient };
  };
  const pairs: Curvature[] = [];
  let point = await at(start.slice());
  let isConverged = largest(point.gradient) <= tolerance;
  while (!isConverged && evaluations < most) {
    const d = await direction(point.gradient, pairs, { precondition, breather });
    const slope = dot(point.gradient, 0, d, 0, d.length);
    const isNumber = Number.isFinite(slope) && Number.isFinite(point.value);
    const next = isNumber ? await lineSearch(at, point, d, slope) : undefined;
    if (next !== undefined) {
      await remember(pairs, point, next, precondition);
      point = next;
      isConverged = largest(point.gradient) <= tolerance;
    } else if (pairs.length > 0) {
      pairs.length = 0;
    } else if (!isNumber && precondition !== undefined) {
      // The estimate of the curvature may contain values that aren't finite, so the search continues without it.
      precondition = undefined;
    } else {
      // No direction is left to try. If slope and value are finite, the point is the minimum up to float64's rounding.
      isConverged = isNumber;
      break;
    }
  }
  return { x: point.x, value: point.value, evaluations, isConverged };
}

/**
 * Shortens the step along `d` until the value decreases enough. `slope` is the slope along `d`. Returns undefined if rounding hides any
 * decrease.
 */
async function lineSearch(
  at: (x: Float64Array) => Promise<Point>,
  { x, value, gradient }: Point,
  d: Float64Array,
  slope: number,
): Promise<Point | undefined> {
  if (!(slope < 0)) return undefined;
  let step = 1;
  for (let tries = 0; tries < MOST_HALVINGS; tries++) {
    const moved = x.slice();
    addScaled(moved, 0, step, { of: d, start: 0 }, d.length);
    const next = await at(moved);
    const allowed = value + ARMIJO * step * slope + ROUNDING * Math.abs(value);
    if (next.value <= allowed)
      return largest(next.gradient) < largest(gradient) || next.value < value ? next : undefined;
    // The minimum of the parabola through both values and the slope, limited to between a tenth and a half of the step.
    const parabola = (-slope * step * step) / (2 * (next.value - value - slope * step));
    step = Number.isFinite(parabola) ? Math.min(0.5 * step, Math.max(0.1 * step, parabola)) : 0.1 * step;
  }
  return undefined;
}

/**
 * Returns the direction −H·gradient by the two-loop recursion. Without past steps and without a preconditioner, this is the steepest
 * descent, with a norm of at most 1.
 */
async function direction(
  gradient: Float64Array,
  pairs: readonly Curvature[],
  { precondition, breather }: Pick<MinimiseOptions, 'precondition' | 'breather'>,
): Promise<Float64Array> {
  const n = gradient.length;
  const d = gradient.map((entry) => -entry);
  const last = pairs.at(-1);
  if (last === undefined) {
    await precondition?.(d);
    const length = Math.sqrt(dot(d, 0, d, 0, n));
    return length > 1 && precondition === undefined ? d.map((entry) => entry / length) : d;
  }
  const alphas = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    await breather.breathe();
    const { s, y, sy } = pairs[i] as Curvature;
    const alpha = dot(s, 0, d, 0, n) / sy;
    alphas[i] = alpha;
    addScaled(d, 0, -alpha, { of: y, start: 0 }, n);
  }
  await precondition?.(d);
  const scale = last.sy / last.yHy;
  for (let i = 0; i < n; i++) d[i] = (d[i] as number) * scale;
  for (const [i, { s, y, sy }] of pairs.entries()) {
    await breather.breathe();
    const beta = dot(y, 0, d, 0, n) / sy;
    addScaled(d, 0, (alphas[i] as number) - beta, { of: s, start: 0 }, n);
  }
  return d;
}

/** Adds the step to the past steps, unless rounding has hidden its curvature. */
async function remember(
  pairs: Curvature[],
  from: Point,
  to: Point,
  precondition: MinimiseOptions['precondition'],
): Promise<void> {
  const s = to.x.map((entry, i) => entry - (from.x[i] as number));
  const y = to.gradient.map((entry, i) => entry - (from.gradient[i] as number));
  const sy = dot(s, 0, y, 0, s.length);
  const scaled = y.slice();
  await precondition?.(scaled);
  const yHy = dot(y, 0, scaled, 0, y.length);
  if (!(sy > Number.EPSILON * yHy)) return;
  pairs.push({ s, y, sy, yHy });
  if (pairs.length > MEMORY) pairs.shift();
}

function largest(numbers: Float64Array): number {
  let most = 0;
  for (const number of numbers) most = Math.max(most, Math.abs(number));
  return most;
}
