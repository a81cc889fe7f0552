/**
 * The number of rows in a block, which are multiplied by a vector at the same time: each element of the vector is read once for all of
 * them, because reading takes longer than multiplying.
 */
export const BLOCK = 4;

/** Four rows of the matrix `features`, which is (N, D). */
export interface RowBlock {
  readonly features: Float64Array;
  readonly D: number;
  /** The index in `features` of the first element of each of the four rows. */
  readonly places: Int32Array;
}

/** Computes the dot product of each row and the vector that begins at `start` in `vectors`. Writes it to entry `k` of the row's scores. */
export function scoreBlock(
  { features: x, D, places }: RowBlock,
  vectors: Float64Array,
  start: number,
  scores: readonly Float64Array[],
  k: number,
): void {
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = places;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < D; i++) {
    const w = vectors[start + i] as number;
    s0 += w * (x[p0 + i] as number);
    s1 += w * (x[p1 + i] as number);
    s2 += w * (x[p2 + i] as number);
    s3 += w * (x[p3 + i] as number);
  }
  const sums = [s0, s1, s2, s3];
  for (const [row, own] of scores.entries()) own[k] = sums[row] as number;
}

/** Multiplies each of the four rows by entry `k` of its factors, and adds the results to the vector that begins at `start` in `vectors`. */
export function addBlock(
  { features: x, D, places }: RowBlock,
  vectors: Float64Array,
  start: number,
  factors: readonly Float64Array[],
  k: number,
): void {
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = places;
  const [f0 = 0, f1 = 0, f2 = 0, f3 = 0] = factors.map((own) => own[k] as number);
  for (let i = 0; i < D; i++) {
    vectors[start + i] =
      (vectors[start + i] as number) +
      (f0 * (x[p0 + i] as number) + f1 * (x[p1 + i] as number)) +
      (f2 * (x[p2 + i] as number) + f3 * (x[p3 + i] as number));
  }
}
