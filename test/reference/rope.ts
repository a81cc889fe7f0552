import type { Reference } from './reference';

export const rope: Reference = ({ x, table, positions, sum, y }, { N, C, D, direction, has_sum }) => {
  const half = D! / 2;
  for (let n = 0; n < N!; n++) {
    for (let head = 0; head < C! / D!; head++) {
      for (let j = 0; j < half; j++) {
        const at = n * C! + head * D! + j;
        const cos = table![positions![n]! * D! + j]!;
        const sin = table![positions![n]! * D! + half + j]! * direction!;
        y![at] = x![at]! * cos - x![at + half]! * sin + (has_sum ? sum![at]! : 0);
        y![at + half] = x![at + half]! * cos + x![at]! * sin + (has_sum ? sum![at + half]! : 0);
      }
    }
  }
};
