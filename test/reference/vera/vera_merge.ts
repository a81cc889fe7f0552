import type { Reference } from '../reference';

export const vera_merge: Reference = (
  { A, B, lambda, into, ...weights },
  { K, R, stride, has_weight, onto, ...params },
) => {
  for (let part = 0; part < 4; part++) {
    const weight = weights[`weight${part}`]!;
    const [M, b, d, start] = ['M', 'lambda_b', 'lambda_d', 'at'].map((name) => params[`${name}${part}`]!);
    for (let m = 0; m < M!; m++) {
      for (let k = 0; k < K!; k++) {
        let low = 0;
        for (let j = 0; j < R!; j++) low += B![m * R! + j]! * lambda![d! + j]! * A![j * stride! + k]!;
        const at = start! + m * K! + k;
        const before = has_weight ? weight[m * K! + k]! : onto ? into![at]! : 0;
        into![at] = before + lambda![b! + m]! * low;
      }
    }
  }
};

/** Kernels may divide each sum into several partial sums. Here the first is the whole sum, and the others stay 0. */
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

export const vera_factor: Reference = ({ B, lambda, factor }, { M, R, lambda_b, lambda_d }) => {
  for (let at = 0; at < M! * R!; at++) {
    factor![at] = lambda![lambda_b! + Math.floor(at / R!)]! * B![at]! * lambda![lambda_d! + (at % R!)]!;
  }
};
