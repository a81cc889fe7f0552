import type { Breather } from '../core/async/breather';
import { addScaled, dot } from './labelled_features';

/** A·Aᵀ of rows (n, m), of which the lower triangle is filled: (n, n). */
export async function gram(rows: Float64Array, n: number, m: number, breather: Breather): Promise<Float64Array> {
  const product = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    await breather.breathe();
    for (let j = 0; j <= i; j++) product[i * n + j] = dot(rows, i * m, rows, j * m, m);
  }
  return product;
}

/**
 * Replaces a symmetric positive definite matrix (n, n), given by its lower triangle, by its factor L, and `right` (n, T) by the
 * solution.
 */
export async function solve(
  matrix: Float64Array,
  right: Float64Array,
  n: number,
  breather: Breather,
): Promise<Float64Array> {
  for (let i = 0; i < n; i++) {
    await breather.breathe();
    for (let j = 0; j < i; j++) {
      const rest = (matrix[i * n + j] as number) - dot(matrix, i * n, matrix, j * n, j);
      matrix[i * n + j] = rest / (matrix[j * n + j] as number);
    }
    matrix[i * n + i] = Math.sqrt((matrix[i * n + i] as number) - dot(matrix, i * n, matrix, i * n, i));
  }
  const T = right.length / n;
  const subtract = (into: number, factor: number, from: number): void =>
    addScaled(right, into * T, -factor, { of: right.slice(from * T, (from + 1) * T), start: 0 }, T);
  const divide = (i: number): void => {
    for (let t = i * T; t < (i + 1) * T; t++) right[t] = (right[t] as number) / (matrix[i * n + i] as number);
  };
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) subtract(i, matrix[i * n + j] as number, j);
    divide(i);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) subtract(i, matrix[j * n + i] as number, j);
    divide(i);
  }
  return right;
}
