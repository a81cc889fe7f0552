import type { Reference } from './reference';

export const linear: Reference = ({ x, weight, bias, y }, { N, M, K, stride, has_bias }) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      let total = has_bias ? bias![m]! : 0;
      for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight![m * stride! + k]!;
      y![n * M! + m] = total;
    }
  }
};

export const linear_backward: Reference = ({ dy, weight, sum, dx }, { N, M, K, stride, has_sum }) => {
  for (let n = 0; n < N!; n++) {
    for (let k = 0; k < K!; k++) {
      let total = has_sum ? sum![n * K! + k]! : 0;
      for (let m = 0; m < M!; m++) total += dy![n * M! + m]! * weight![m * stride! + k]!;
      dx![n * K! + k] = total;
    }
  }
};

export const linear_weight_backward: Reference = ({ dy, x, dw }, { N, M, K }) => {
  for (let m = 0; m < M!; m++) {
    for (let k = 0; k < K!; k++) {
      for (let n = 0; n < N!; n++) dw![m * K! + k]! += dy![n * M! + m]! * x![n * K! + k]!;
    }
  }
};
