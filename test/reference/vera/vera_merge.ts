import type { Reference } from '../reference';

export const vera_merge: Reference = (
  { weight, A, B, lambda, into },
  { M, K, R, stride, lambda_b, lambda_d, has_weight, onto },
) => {
  for (let m = 0; m < M!; m++) {
    for (let k = 0; k < K!; k++) {
      let low = 0;
      for (let j = 0; j < R!; j++) low += B![m * R! + j]! * lambda![lambda_d! + j]! * A![j * stride! + k]!;
      const before = has_weight ? weight![m * K! + k]! : onto ? into![m * K! + k]! : 0;
      into![m * K! + k] = before + lambda![lambda_b! + m]! * low;
    }
  }
};

/** Kernels may cut each sum into several; here it is whole, in the place of the first, and the others stay 0. */
export const vera_merge_backward: Reference = (
  { dw, A, B, lambda, partials },
  { M, K, R, stride, lambda_b, lambda_d, partial_b, partial_d },
) => {
  const byB = partials!.subarray(partial_b, partial_b! + M!).fill(0);
  const byD = partials!.subarray(partial_d, partial_d! + R!).fill(0);
  for (let m = 0; m < M!; m++) {
    for (let j = 0; j < R!; j++) {
      let product = 0;
      for (let k = 0; k < K!; k++) product += dw![m * K! + k]! * A![j * stride! + k]!;
      byB[m]! += B![m * R! + j]! * lambda![lambda_d! + j]! * product;
      byD[j]! += B![m * R! + j]! * lambda![lambda_b! + m]! * product;
    }
  }
};
