import type { Reference } from '../reference';

export const lora_down: Reference = ({ x, A, u }, { N, R, K, scale }) => {
  for (let n = 0; n < N!; n++) {
    for (let j = 0; j < R!; j++) {
      let total = 0;
      for (let k = 0; k < K!; k++) total += x![n * K! + k]! * A![j * K! + k]!;
      u![n * R! + j] = scale! * total;
    }
  }
};

export const lora_linear: Reference = (
  { x, u, weight, bias, B, residual, y },
  { N, M, K, R, has_bias, has_residual },
) => {
  for (let n = 0; n < N!; n++) {
    for (let m = 0; m < M!; m++) {
      let total = (has_bias ? bias![m]! : 0) + (has_residual ? residual![n * M! + m]! : 0);
      for (let j = 0; j < R!; j++) total += u![n * R! + j]! * B![m * R! + j]!;
      for (let k = 0; k < K!; k++) total += x![n * K! + k]! * weight![m * K! + k]!;
      y![n * M! + m] = total;
    }
  }
};

export const lora_product: Reference = ({ left, right, into }, { N, K, M, scale, onto }) => {
  for (let n = 0; n < N!; n++) {
    for (let k = 0; k < K!; k++) {
      let total = 0;
      for (let m = 0; m < M!; m++) total += left![n * M! + m]! * right![m * K! + k]!;
      into![n * K! + k] = (onto ? into![n * K! + k]! : 0) + scale! * total;
    }
  }
};

export const lora_rows: Reference = ({ u, which, v }, { N, R, T, adapter, scale }) => {
  for (let n = 0; n < N!; n++) {
    const isOwn = which![Math.floor(n / T!)] === adapter;
    for (let j = 0; j < R!; j++) v![n * R! + j] = isOwn ? scale! * u![n * R! + j]! : 0;
  }
};
