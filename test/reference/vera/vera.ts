import { turned } from '../products/turned';
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

export const vera_linears: Reference = (
  { x, u, weight0, weight1, B, lambda, y0, y1 },
  { N, K, R, M0, M1, lambda_b0, lambda_b1, lambda_d0, lambda_d1 },
) => {
  const layers = [
    { weight: weight0!, y: y0!, M: M0!, b: lambda_b0!, d: lambda_d0! },
    { weight: weight1!, y: y1!, M: M1!, b: lambda_b1!, d: lambda_d1! },
  ];
  for (const { weight, y, M, b, d } of layers) {
    for (let n = 0; n < N!; n++) {
      for (let m = 0; m < M; m++) {
        let low = 0;
        for (let j = 0; j < R!; j++) low += B![m * R! + j]! * lambda![d + j]! * u![n * R! + j]!;
        let total = lambda![b + m]! * low;
        for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight[m * K! + k]!;
        y[n * M + m] = total;
      }
    }
  }
};

export const vera_swiglu_linears: Reference = ({ gates, y, ...values }, { M, at_up, ...params }) => {
  const [gate, up] = [new Float64Array(y!.length), new Float64Array(y!.length)];
  vera_linears({ ...values, y0: gate, y1: up }, { ...params, M0: M!, M1: M! });
  gates!.set(gate);
  gates!.set(up, at_up!);
  gate.forEach((value, at) => {
    y![at] = (value / (1 + Math.exp(-value))) * up[at]!;
  });
};

export const vera_turned_linears: Reference = ({ turns, y, ...values }, { D, at_y1, ...params }) => {
  const [q, k] = [new Float64Array(params.N! * params.M0!), new Float64Array(params.N! * params.M1!)];
  vera_linears({ ...values, y0: q, y1: k }, params);
  y!.set(turned(q, turns!, params.M0!, D!));
  y!.set(turned(k, turns!, params.M1!, D!), at_y1!);
};

export const vera_linear_backward: Reference = (
  { dy, weight0, weight1, weight2, du, A, sum, dx },
  { N, K, R, M0, M1, M2, at_dy1, at_dy2, stride, has_sum },
) => {
  const layers = [
    { start: 0, weight: weight0!, M: M0! },
    { start: at_dy1!, weight: weight1!, M: M1! },
    { start: at_dy2!, weight: weight2!, M: M2! },
  ];
  for (let n = 0; n < N!; n++) {
    for (let k = 0; k < K!; k++) {
      let total = has_sum ? sum![n * K! + k]! : 0;
      for (let j = 0; j < R!; j++) total += du![n * R! + j]! * A![j * stride! + k]!;
      for (const { start, weight, M } of layers) {
        for (let m = 0; m < M; m++) total += dy![start + n * M + m]! * weight[m * K! + k]!;
      }
      dx![n * K! + k] = total;
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

/** Kernels may divide each sum into several partial sums. Here the first is the whole sum, and the others stay 0. */
export const vera_lambda_backward: Reference = ({ dy, u, other_dy, other_u, B, lambda, partials }, params) => {
  const { N, R, at_dy1, at_dy2 } = params;
  const starts = [0, at_dy1!, at_dy2!, 0];
  const layers = starts.map((start, i) => ({
    start,
    ...(i < 3 ? { dy: dy!, u: u! } : { dy: other_dy!, u: other_u! }),
    ...{ M: params[`M${i}`]!, b: params[`lambda_b${i}`]!, d: params[`lambda_d${i}`]! },
    ...{ ofB: params[`partial_b${i}`]!, ofD: params[`partial_d${i}`]! },
  }));
  for (const { start, dy, u, M, b, d, ofB, ofD } of layers) {
    if (M === 0) continue;
    const byB = partials!.subarray(ofB, ofB + M).fill(0);
    const byD = partials!.subarray(ofD, ofD + R!).fill(0);
    for (let m = 0; m < M; m++) {
      for (let j = 0; j < R!; j++) {
        let product = 0;
        for (let n = 0; n < N!; n++) product += dy[start + n * M + m]! * u[n * R! + j]!;
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
