/** What a product is made of: x (N, K) and a weight (M, K). */
export interface ProductSizes {
  readonly N: number;
  readonly M: number;
  readonly K: number;
}

/** With A (R, ≥ K) and B (≥ M, R) beside it. */
export interface LowRankSizes extends ProductSizes {
  readonly R: number;
}
