import type { Reference } from '../reference';
import { turned } from './turned';

export const linear: Reference = ({ x, weight, bias, residual, y }, { N, M, K, stride, has_bias, has_residual }) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      let total = has_bias ? bias![m]! : 0;
      for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight![m * stride! + k]!;
      y![n * M! + m] = total + (has_residual ? residual![n * M! + m]! : 0);
    }
  }
};

export const linears: Reference = ({ x, weight0, weight1, weight2, y0, y1, y2 }, { N, K, M0, M1, M2, stride }) => {
  const layers = [
    { weight: weight0!, y: y0!, M: M0! },
    { weight: weight1!, y: y1!, M: M1! },
    { weight: weight2!, y: y2!, M: M2! },
  ];
  for (const { weight, y, M } of layers) {
    for (let n = 0; n < N!; n++) {
      for (let m = 0; m < M; m++) {
        let total = 0;
        for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight[m * stride! + k]!;
        y[n * M + m] = total;
      }
    }
  }
};

export const turned_linears: Reference = ({ turns, y, ...values }, { D, at_y1, at_y2, ...params }) => {
  const results = [params.M0!, params.M1!, params.M2!].map((M) => ({ M, made: new Float64Array(params.N! * M) }));
  const [y0, y1, y2] = results.map(({ made }) => made);
  linears({ ...values, y0: y0!, y1: y1!, y2: y2! }, params);
  for (const [part, at] of [0, at_y1!, at_y2!].entries()) {
    const { M, made } = results[part]!;
    y!.set(part === 2 ? made : turned(made, turns!, M, D!), at);
  }
};

export const linear_backward: Reference = (
  { dy0, dy1, dy2, weight0, weight1, weight2, sum, dx },
  { N, K, M0, M1, M2, stride, has_sum },
) => {
  const layers = [
    { dy: dy0!, weight: weight0!, M: M0! },
    { dy: dy1!, weight: weight1!, M: M1! },
    { dy: dy2!, weight: weight2!, M: M2! },
  ];
  for (let n = 0; n < N!; n++) {
    for (let k = 0; k < K!; k++) {
      let total = has_sum ? sum![n * K! + k]! : 0;
      for (const { dy, weight, M } of layers) {
        for (let m = 0; m < M; m++) total += dy[n * M + m]! * weight[m * stride! + k]!;
      }
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
