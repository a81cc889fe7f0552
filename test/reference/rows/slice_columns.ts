import type { Reference } from '../reference';

export const slice_columns: Reference = ({ x, y }, { N, C, start, count }) => {
  for (let n = 0; n < N!; n++) for (let j = 0; j < count!; j++) y![n * count! + j] = x![n * C! + start! + j]!;
};

export const slice_columns_backward: Reference = ({ dy, sum, dx }, { N, C, start, count, has_sum }) => {
  for (let i = 0; i < N! * C!; i++) dx![i] = has_sum ? sum![i]! : 0;
  for (let n = 0; n < N!; n++) for (let j = 0; j < count!; j++) dx![n * C! + start! + j]! += dy![n * count! + j]!;
};
