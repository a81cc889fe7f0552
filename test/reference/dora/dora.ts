import type { Reference } from '../reference';

export const dora_norm: Reference = ({ matrix, A, B, norm }, { M, K, R, stride, first, scale }) => {
  for (let m = 0; m < M!; m++) {
    let squares = 0;
    for (let k = 0; k < K!; k++) {
      let change = 0;
      for (let r = 0; r < R!; r++) change += B![(first! + m) * R! + r]! * A![r * stride! + k]!;
      squares += (matrix![m * K! + k]! + scale! * change) ** 2;
    }
    norm![first! + m] = Math.sqrt(squares);
  }
};

export const dora_scale: Reference = (
  { x, pool, norm, bias, sum, y },
  { N, C, vector_at, norm_at, less, has_bias, has_sum },
) => {
  for (let at = 0; at < N! * C!; at++) {
    const c = at % C!;
    const scaled = (pool![vector_at! + c]! / norm![norm_at! + c]! - less!) * x![at]!;
    y![at] = scaled + (has_bias ? bias![c]! : 0) + (has_sum ? sum![at]! : 0);
  }
};

export const dora_scale_backward: Reference = (
  { x, dy, pool, norm, sum, dx, grads },
  { N, C, vector_at, norm_at, less, has_dx, has_sum },
) => {
  for (let at = 0; at < N! * C!; at++) {
    const c = at % C!;
    if (has_dx)
      dx![at] = (pool![vector_at! + c]! / norm![norm_at! + c]! - less!) * dy![at]! + (has_sum ? sum![at]! : 0);
    grads![vector_at! + c]! += (dy![at]! * x![at]!) / norm![norm_at! + c]!;
  }
};

export const dora_merge: Reference = ({ pool, norm, into }, { M, K, vector_at }) => {
  for (let at = 0; at < M! * K!; at++) {
    const m = Math.floor(at / K!);
    into![at]! *= pool![vector_at! + m]! / norm![m]!;
  }
};
