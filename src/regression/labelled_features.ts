/** Feature vectors with their targets. */
export interface Examples {
  readonly N: number;
  /** The number of features per example. */
  readonly D: number;
  /** (N, D) */
  readonly features: Float64Array;
  /** (N, T): one class index (T = 1), or a probability from 0 to 1 for each label, or a number for each output. */
  readonly targets: Float64Array;
  /** The number of targets per example. */
  readonly T: number;
  /** (N): the weight of each example's loss, above 0. */
  readonly weights: Float64Array;
}

/** A linear layer: scores = weight · features + bias. */
export interface LinearMap {
  readonly outputs: number;
  /** (outputs, D) */
  readonly weight: Float64Array;
  /** (outputs) */
  readonly bias: Float64Array;
}

/** The number of multiply-adds between two pauses of the work, in which the thread handles other events: a few milliseconds of work. */
const STRETCH = 2 ** 21;

/** Returns the number of rows between two pauses of the work, if each row takes `multiplyAdds` multiply-adds. */
export function rowsPerStretch(multiplyAdds: number): number {
  return Math.max(1, Math.floor(STRETCH / Math.max(1, multiplyAdds)));
}

/**
 * Returns the dot product of D successive values of `a` and of `b`. Uses four partial sums, because in a single sum each addition would
 * have to wait for the previous one.
 */
export function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, D: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const end = D - (D % 4);
  let i = 0;
  for (; i < end; i += 4) {
    s0 += (a[aStart + i] as number) * (b[bStart + i] as number);
    s1 += (a[aStart + i + 1] as number) * (b[bStart + i + 1] as number);
    s2 += (a[aStart + i + 2] as number) * (b[bStart + i + 2] as number);
    s3 += (a[aStart + i + 3] as number) * (b[bStart + i + 3] as number);
  }
  for (; i < D; i++) s0 += (a[aStart + i] as number) * (b[bStart + i] as number);
  return s0 + s1 + (s2 + s3);
}

/** Adds factor · b to `a`, over D successive values. */
export function addScaled(
  a: Float64Array,
  aStart: number,
  factor: number,
  { of: b, start }: { readonly of: Float64Array; readonly start: number },
  D: number,
): void {
  for (let i = 0; i < D; i++) a[aStart + i] = (a[aStart + i] as number) + factor * (b[start + i] as number);
}

export function timesScale({ outputs, weight, bias }: LinearMap, scale: number): LinearMap {
  return { outputs, weight: weight.map((entry) => scale * entry), bias: bias.map((entry) => scale * entry) };
}

/** Returns a layer that has only the given outputs, in the given order. */
export function pickOutputs({ weight, bias }: LinearMap, outputs: readonly number[], D: number): LinearMap {
  const picked = new Float64Array(outputs.length * D);
  for (const [place, k] of outputs.entries()) picked.set(weight.subarray(k * D, (k + 1) * D), place * D);
  return { outputs: outputs.length, weight: picked, bias: Float64Array.from(outputs, (k) => bias[k] as number) };
}

/** The reverse of `pickOutputs`: copies a layer of some outputs into a layer with all outputs. */
export function placeOutputs(
  { weight, bias }: LinearMap,
  outputs: readonly number[],
  into: LinearMap,
  D: number,
): void {
  for (const [place, k] of outputs.entries()) {
    into.weight.set(weight.subarray(place * D, (place + 1) * D), k * D);
    into.bias[k] = bias[place] as number;
  }
}

/** Writes a row's scores to `into`. */
export function scoreRow(
  { weight, bias }: LinearMap,
  { features, D }: Examples,
  row: number,
  into: Float64Array,
): void {
  for (let k = 0; k < into.length; k++) into[k] = (bias[k] as number) + dot(weight, k * D, features, row * D, D);
}

/** Returns the row numbers 0 to N − 1. */
export function allRows(N: number): Int32Array {
  return Int32Array.from({ length: N }, (_, row) => row);
}

export function sumOf(numbers: Float64Array, rows: Int32Array): number {
  let sum = 0;
  for (const row of rows) sum += numbers[row] as number;
  return sum;
}
