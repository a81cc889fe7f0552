import type { Reference } from './reference';

export const vera_linear: Reference = (
  { x, u, weight, bias, B, lambda, y },
  { N, M, K, R, offset_b, offset_d, has_bias },
) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      let low = 0;
      for (let j = 0; j < R!; j++) low += B![m * R! + j]! * lambda![offset_d! + j]! * u![n * R! + j]!;
      let total = has_bias ? bias![m]! : 0;
      for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight![m * K! + k]!;
      y![n * M! + m] = total + lambda![offset_b! + m]! * low;
    }
  }
};

export const vera_add: Reference = ({ y, u, B, lambda, z }, { N, M, R, offset_b, offset_d }) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      let low = 0;
      for (let j = 0; j < R!; j++) low += B![m * R! + j]! * lambda![offset_d! + j]! * u![n * R! + j]!;
      z![n * M! + m] = y![n * M! + m]! + lambda![offset_b! + m]! * low;
    }
  }
};

export const vera_up_backward: Reference = ({ dy, B, lambda, sum, du }, { N, M, R, offset_b, offset_d, has_sum }) => {
  for (let n = 0; n < N!; n++) {
    for (let j = 0; j < R!; j++) {
      let dv = 0;
      for (let m = 0; m < M!; m++) dv += dy![n * M! + m]! * lambda![offset_b! + m]! * B![m * R! + j]!;
      du![n * R! + j] = lambda![offset_d! + j]! * dv + (has_sum ? sum![n * R! + j]! : 0);
    }
  }
};

export const vera_lambda_backward: Reference = (
  { dy, u, B, lambda, partial_b, partial_d },
  { N, M, R, offset_b, offset_d },
) => {
  partial_b!.fill(0);
  partial_d!.fill(0);
  for (let m = 0; m < M!; m++) {
    for (let j = 0; j < R!; j++) {
      let product = 0;
      for (let n = 0; n < N!; n++) product += dy![n * M! + m]! * u![n * R! + j]!;
      product *= B![m * R! + j]!;
      partial_b![Math.floor(j / 64) * M! + m]! += product * lambda![offset_d! + j]!;
      partial_d![Math.floor(m / 64) * R! + j]! += product * lambda![offset_b! + m]!;
    }
  }
};

export const vera_lambda_reduce: Reference = (
  { partial_b, partial_d, grads },
  { M, R, tiles_b, tiles_d, offset_b, offset_d },
) => {
  for (let m = 0; m < M!; m++) {
    for (let tile = 0; tile < tiles_b!; tile++) grads![offset_b! + m]! += partial_b![tile * M! + m]!;
  }
  for (let j = 0; j < R!; j++) {
    for (let tile = 0; tile < tiles_d!; tile++) grads![offset_d! + j]! += partial_d![tile * R! + j]!;
  }
};
