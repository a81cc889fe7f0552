import type { Reference } from '../reference';

export const vera_linear: Reference = (
  { x, u, weight, bias, B, lambda, residual, y },
  { N, M, K, R, lambda_b, lambda_d, has_bias, has_residual },
) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      let low = 0;
      for (let j = 0; j < R!; j++) low += B![m * R! + j]! * lambda![lambda_d! + j]! * u![n * R! + j]!;
      let total = (has_bias ? bias![m]! : 0) + (has_residual ? residual![n * M! + m]! : 0);
      for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight![m * K! + k]!;
      y![n * M! + m] = total + lambda![lambda_b! + m]! * low;
    }
  }
};

export const vera_add: Reference = ({ y, u, B, lambda, z }, { N, M, R, lambda_b, lambda_d }) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      let low = 0;
      for (let j = 0; j < R!; j++) low += B![m * R! + j]! * lambda![lambda_d! + j]! * u![n * R! + j]!;
      z![n * M! + m] = y![n * M! + m]! + lambda![lambda_b! + m]! * low;
    }
  }
};

export const vera_up_backward: Reference = (
  { dy, B, lambda, sum, du },
  { N, R, M0, M1, M2, at_dy1, at_dy2, lambda_b0, lambda_b1, lambda_b2, lambda_d0, lambda_d1, lambda_d2, has_sum },
) => {
  const layers = [
    { start: 0, M: M0!, b: lambda_b0!, d: lambda_d0! },
    { start: at_dy1!, M: M1!, b: lambda_b1!, d: lambda_d1! },
    { start: at_dy2!, M: M2!, b: lambda_b2!, d: lambda_d2! },
  ];
  for (let n = 0; n < N!; n++) {
    for (let j = 0; j < R!; j++) {
      let total = has_sum ? sum![n * R! + j]! : 0;
      for (const { start, M, b, d } of layers) {
        let dv = 0;
        for (let m = 0; m < M; m++) dv += dy![start + n * M + m]! * lambda![b + m]! * B![m * R! + j]!;
        total += lambda![d + j]! * dv;
      }
      du![n * R! + j] = total;
    }
  }
};

/** Kernels may cut each sum into several; here it is whole, in the place of the first, and the others stay 0. */
export const vera_lambda_backward: Reference = (
  { dy, u, B, lambda, partials },
  {
    N,
    R,
    M0,
    M1,
    M2,
    at_dy1,
    at_dy2,
    lambda_b0,
    lambda_b1,
    lambda_b2,
    lambda_d0,
    lambda_d1,
    lambda_d2,
    partial_b0,
    partial_b1,
    partial_b2,
    partial_d0,
    partial_d1,
    partial_d2,
  },
) => {
  const layers = [
    { start: 0, M: M0!, b: lambda_b0!, d: lambda_d0!, ofB: partial_b0!, ofD: partial_d0! },
    { start: at_dy1!, M: M1!, b: lambda_b1!, d: lambda_d1!, ofB: partial_b1!, ofD: partial_d1! },
    { start: at_dy2!, M: M2!, b: lambda_b2!, d: lambda_d2!, ofB: partial_b2!, ofD: partial_d2! },
  ];
  for (const { start, M, b, d, ofB, ofD } of layers) {
    if (M === 0) continue;
    const byB = partials!.subarray(ofB, ofB + M).fill(0);
    const byD = partials!.subarray(ofD, ofD + R!).fill(0);
    for (let m = 0; m < M; m++) {
      for (let j = 0; j < R!; j++) {
        let product = 0;
        for (let n = 0; n < N!; n++) product += dy![start + n * M + m]! * u![n * R! + j]!;
        byB[m]! += B![m * R! + j]! * lambda![d + j]! * product;
        byD[j]! += B![m * R! + j]! * lambda![b + m]! * product;
      }
    }
  }
};

export const vera_lambda_reduce: Reference = ({ partials, vectors, grads }, { count }) => {
  for (let vector = 0; vector < count!; vector++) {
    const [at, length, sums, offset] = vectors!.subarray(4 * vector);
    for (let i = 0; i < length!; i++) {
      for (let sum = 0; sum < sums!; sum++) grads![offset! + i]! += partials![at! + sum * length! + i]!;
    }
  }
};
