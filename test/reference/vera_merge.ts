import type { Reference } from './reference';

export const vera_merge: Reference = (
  { weight, A, B, lambda, into },
  { M, K, R, stride, offset_b, offset_d, has_weight },
) => {
  for (let m = 0; m < M!; m++) {
    for (let k = 0; k < K!; k++) {
      let low = 0;
      for (let j = 0; j < R!; j++) low += B![m * R! + j]! * lambda![offset_d! + j]! * A![j * stride! + k]!;
      into![m * K! + k] = (has_weight ? weight![m * K! + k]! : 0) + lambda![offset_b! + m]! * low;
    }
  }
};
