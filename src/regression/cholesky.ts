import type { Breather } from '../core/async/breather';
import { addScaled, dot } from './labelled_features';
import { BLOCK, scoreBlock } from './row_block';

/** Computes A·Aᵀ (n, n) from the rows of A (n, m). Only the lower triangle is valid: entries above the diagonal may be wrong. */
export async function gram(rows: Float64Array, n: number, m: number, breather: Breather): Promise<Float64Array> {
  const product = new Float64Array(n * n);
  const block = { features: rows, D: m, places: new Int32Array(BLOCK) };
  for (let i = 0; i < n; i += BLOCK) {
    await breather.breathe();
    // The rows are processed in blocks of `BLOCK`. If the last block isn't full, it repeats the last row.
    const own = Array.from({ length: BLOCK }, (_, place) => Math.min(i + place, n - 1));
    block.places.set(own.map((row) => row * m));
    const lines = own.map((row) => product.subarray(row * n, (row + 1) * n));
    for (let j = 0; j < Math.min(i + BLOCK, n); j++) scoreBlock(block, rows, j * m, lines, j);
  }
  return product;
}

/** Returns the sum of the diagonal of a matrix (n, n). */
export function traceOf(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += matrix[i * n + i] as number;
  return sum;
}

export function addToDiagonal(matrix: Float64Array, n: number, number: number): void {
  for (let i = 0; i < n; i++) matrix[i * n + i] = (matrix[i * n + i] as number) + number;
}

/** Replaces the lower triangle of a symmetric positive definite matrix (n, n) by its Cholesky factor L. */
export async function factorise(matrix: Float64Array, n: number, breather: Breather): Promise<Float64Array> {
  for (let i = 0; i < n; i++) {
    await breather.breathe();
    for (let j = 0; j < i; j++) {
      const rest = (matrix[i * n + j] as number) - dot(matrix, i * n, matrix, j * n, j);
      matrix[i * n + j] = rest / (matrix[j * n + j] as number);
    }
    matrix[i * n + i] = Math.sqrt((matrix[i * n + i] as number) - dot(matrix, i * n, matrix, i * n, i));
  }
  return matrix;
}

/** Solves L·Lᵀ·x = b. `numbers` holds the n values of b from index `start` on; they are replaced by x. */
export function substitute(L: Float64Array, n: number, numbers: Float64Array, start: number): void {
  for (let i = 0; i < n; i++) {
    const rest = (numbers[start + i] as number) - dot(L, i * n, numbers, start, i);
    numbers[start + i] = rest / (L[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = (numbers[start + i] as number) / (L[i * n + i] as number);
    numbers[start + i] = x;
    addScaled(numbers, start, -x, { of: L, start: i * n }, i);
  }
}

/** Returns the transpose (m, n) of a matrix (n, m). */
export function transposed(matrix: Float64Array, n: number, m: number): Float64Array {
  const turned = new Float64Array(matrix.length);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) turned[j * n + i] = matrix[i * m + j] as number;
  return turned;
}
