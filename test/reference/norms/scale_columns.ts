import type { Reference } from '../reference';

export const scale_columns: Reference = ({ x, pool, sum, y }, { N, C, vector_at, has_sum }) => {
  for (let at = 0; at < N! * C!; at++) y![at] = pool![vector_at! + (at % C!)]! * x![at]! + (has_sum ? sum![at]! : 0);
};

export const scale_columns_backward: Reference = (
  { x, dy, pool, sum, dx, grads },
  { N, C, vector_at, has_dx, has_sum },
) => {
  for (let at = 0; at < N! * C!; at++) {
    const l = vector_at! + (at % C!);
    if (has_dx) dx![at] = pool![l]! * dy![at]! + (has_sum ? sum![at]! : 0);
    grads![l]! += dy![at]! * x![at]!;
  }
};
