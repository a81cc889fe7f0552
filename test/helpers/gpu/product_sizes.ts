/** Sizes of a product: x is (N, K), the weight (M, K). */
export interface ProductSizes {
  readonly N: number;
  readonly M: number;
  readonly K: number;
}

/** Sizes with A (R, ≥ K) and B (≥ M, R). */
export interface LowRankSizes extends ProductSizes {
  readonly R: number;
}
