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
  { dy, u, B, lambda, partials },
  { N, M, R, offset_b, offset_d, at_b, at_d },
) => {
  const partial_b = partials!.subarray(at_b).fill(0, 0, Math.ceil(R! / 64) * M!);
  const partial_d = partials!.subarray(at_d).fill(0, 0, Math.ceil(M! / 64) * R!);
  for (let m = 0; m < M!; m++) {
    for (let j = 0; j < R!; j++) {
      let product = 0;
      for (let n = 0; n < N!; n++) product += dy![n * M! + m]! * u![n * R! + j]!;
      product *= B![m * R! + j]!;
      partial_b[Math.floor(j / 64) * M! + m]! += product * lambda![offset_d! + j]!;
      partial_d[Math.floor(m / 64) * R! + j]! += product * lambda![offset_b! + m]!;
    }
  }
};

export const vera_lambda_reduce: Reference = ({ partials, vectors, grads }, { count }) => {
  for (let vector = 0; vector < count!; vector++) {
    const [at, length, tiles, offset] = vectors!.subarray(4 * vector);
    for (let i = 0; i < length!; i++) {
      for (let tile = 0; tile < tiles!; tile++) grads![offset! + i]! += partials![at! + tile * length! + i]!;
    }
  }
};
