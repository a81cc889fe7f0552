import type { Reference } from '../reference';

export const column_sum: Reference = ({ x, sums }, { N, C }) => {
  for (let n = 0; n < N!; n++) for (let c = 0; c < C!; c++) sums![c]! += x![n * C! + c]!;
};
