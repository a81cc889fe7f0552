/** The sizes of a matrix product: x is (N, K), the weight is (M, K). */
export interface ProductSizes {
  readonly N: number;
  readonly M: number;
  readonly K: number;
}

/** The sizes of a product with a low-rank part: A has R rows of K or more numbers, B has M or more rows of R numbers. */
export interface LowRankSizes extends ProductSizes {
  readonly R: number;
}
