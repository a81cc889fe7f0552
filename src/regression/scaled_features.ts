import { WebVeraError } from '../core/errors/error';
import { addScaled, dot, type Examples, type LinearMap } from './labelled_features';

/** Features of examples with their targets, as a caller gives them. */
interface GivenFeatures {
  /** (N, D) */
  readonly features: Float32Array;
  /** (N, V, D): the features of V views (augmented copies) of each example. */
  readonly views?: Float32Array | undefined;
  readonly D: number;
  /** (N, T) */
  readonly targets: Float64Array;
  /** (N) */
  readonly weights: Float64Array;
  readonly hasBias: boolean;
}

interface ScaledRows {
  readonly examples: Examples;
  /** Each example followed by its V views, with equal shares of its weight. */
  readonly learnt: Examples;
  /** The number of rows per example: 1 + V. */
  readonly rowsEach: number;
  readonly scaling: FeatureScale;
}

/** How features were scaled: `means` were subtracted, and the result was divided by `length`. */
export interface FeatureScale {
  /** (D) */
  readonly means: Float64Array;
  /**
   * The root mean square of the feature vectors' norms, before they were divided by it. 0 if all features are zero once their means are
   * subtracted.
   */
  readonly length: number;
}

/**
 * Scales features so that the mean square of the feature vectors' norms is 1. If the head has a bias, first subtracts the features' means,
 * for which the bias compensates. Throws `numerical_error` for features that aren't finite.
 */
export function scaled({ features, views, D, targets, weights, hasBias }: GivenFeatures): ScaledRows {
  const N = weights.length;
  const V = views === undefined ? 0 : views.length / (N * D);
  const rowsEach = 1 + V;
  const rows = N * rowsEach;
  const all = new Float64Array(rows * D);
  for (let row = 0; row < N; row++) {
    all.set(features.subarray(row * D, (row + 1) * D), row * rowsEach * D);
    if (views !== undefined) all.set(views.subarray(row * V * D, (row + 1) * V * D), (row * rowsEach + 1) * D);
  }
  const means = new Float64Array(D);
  for (let row = 0; hasBias && row < rows; row++) addScaled(means, 0, 1 / rows, { of: all, start: row * D }, D);
  for (let row = 0; row < rows; row++) addScaled(all, row * D, -1, { of: means, start: 0 }, D);
  const square = dot(all, 0, all, 0, all.length) / rows;
  if (!Number.isFinite(square)) throw notFinite(features, views, D);
  // If all feature vectors are equal, `square` is 0 except for rounding errors, which can make it as large as this bound.
  const isFlat = square <= Number.EPSILON * dot(means, 0, means, 0, D) * D;
  const length = isFlat ? 0 : Math.sqrt(square);
  const factor = isFlat ? 0 : 1 / length;
  for (let i = 0; i < all.length; i++) all[i] = (all[i] as number) * factor;
  const T = targets.length / N;
  const learnt = {
    N: rows,
    D,
    T,
    features: all,
    targets: repeated(targets, T, rowsEach),
    weights: repeated(weights, 1, rowsEach).map((weight) => weight / rowsEach),
  };
  return { examples: firstOfEach(learnt, rowsEach, weights), learnt, rowsEach, scaling: { means, length } };
}

/** Returns the rows of `length` values each, with each row repeated `times` times before the next one follows. */
function repeated(lines: Float64Array, length: number, times: number): Float64Array {
  const all = new Float64Array(lines.length * times);
  for (let at = 0; at < all.length; at += length) {
    const line = Math.floor(at / (length * times));
    all.set(lines.subarray(line * length, (line + 1) * length), at);
  }
  return all;
}

/** Returns the examples without their views. */
function firstOfEach(learnt: Examples, rowsEach: number, weights: Float64Array): Examples {
  if (rowsEach === 1) return learnt;
  const { D, T } = learnt;
  const N = weights.length;
  const [features, targets] = [new Float64Array(N * D), new Float64Array(N * T)];
  for (let row = 0; row < N; row++) {
    const first = row * rowsEach;
    features.set(learnt.features.subarray(first * D, (first + 1) * D), row * D);
    targets.set(learnt.targets.subarray(first * T, (first + 1) * T), row * T);
  }
  return { N, D, T, features, targets, weights };
}

/** Converts a layer over scaled features into the equivalent layer over the features as they were given. */
export function unscaled(
  map: LinearMap,
  { means, length }: FeatureScale,
  D: number,
): { readonly weight: Float32Array<ArrayBuffer>; readonly bias: Float32Array<ArrayBuffer> } {
  const factor = length === 0 ? 0 : 1 / length;
  const weight = map.weight.map((entry) => entry * factor);
  const bias = map.bias.map((entry, k) => entry - dot(weight, k * D, means, 0, D));
  return { weight: Float32Array.from(weight), bias: Float32Array.from(bias) };
}

function notFinite(features: Float32Array, views: Float32Array | undefined, D: number): WebVeraError {
  const isOdd = (feature: number): boolean => !Number.isFinite(feature);
  const place = features.findIndex(isOdd);
  const [found, row] =
    place >= 0 || views === undefined
      ? [features[place], Math.floor(place / D)]
      : [views.find(isOdd), Math.floor((views.findIndex(isOdd) * features.length) / (views.length * D))];
  return new WebVeraError('numerical_error', `features: expected finite numbers, got ${found} in example ${row}`, {
    hint: 'The adapter may hold values that are too large: begin with a new one.',
    detail: { example: row },
  });
}
