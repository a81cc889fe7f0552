import type { Reference } from '../reference';

export const linear_shard: Reference = (
  { x, weight, bias, residual, y },
  { N, M, K, stride, width, first, has_bias, has_residual },
) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      const at = n * width! + first! + m;
      let total = has_bias ? bias![first! + m]! : 0;
      for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight![m * stride! + k]!;
      y![at] = total + (has_residual ? residual![at]! : 0);
    }
  }
};

export const linear_shard_backward: Reference = (
  { dy, weight, sum, dx },
  { N, K, M, stride, width, first, has_sum },
) => {
  for (let n = 0; n < N!; n++) {
    for (let k = 0; k < K!; k++) {
      let total = has_sum ? sum![n * K! + k]! : 0;
      for (let m = 0; m < M!; m++) total += dy![n * width! + first! + m]! * weight![m * stride! + k]!;
      dx![n * K! + k] = total;
    }
  }
};
