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

export const vera_merge_backward: Reference = (
  { dw, A, B, lambda, partials },
  { M, K, R, stride, offset_b, offset_d, at },
) => {
  const tilesOfJ = Math.ceil(R! / 64);
  const sizeOfB = tilesOfJ * 4 * M!;
  const partial_b = partials!.subarray(at, at! + sizeOfB).fill(0);
  const partial_d = partials!.subarray(at! + sizeOfB, at! + sizeOfB + Math.ceil(M! / 64) * 4 * R!).fill(0);
  for (let m = 0; m < M!; m++) {
    for (let j = 0; j < R!; j++) {
      let product = 0;
      for (let k = 0; k < K!; k++) product += dw![m * K! + k]! * A![j * stride! + k]!;
      product *= B![m * R! + j]!;
      const ofJ = Math.floor(j / 64) * 4 + Math.floor((j % 64) / 16);
      const ofM = Math.floor(m / 64) * 4 + Math.floor((m % 32) / 8);
      partial_b[ofJ * M! + m]! += product * lambda![offset_d! + j]!;
      partial_d[ofM * R! + j]! += product * lambda![offset_b! + m]!;
    }
  }
};
