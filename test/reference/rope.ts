import type { Reference } from './reference';

export const rope: Reference = ({ q, k, table, positions, turned_q, turned_k }, { N, C_q, C_k, D, direction }) => {
  const half = D! / 2;
  const turn = (x: Float64Array, C: number, turned: Float64Array): void => {
    for (let n = 0; n < N!; n++) {
      for (let head = 0; head < C / D!; head++) {
        for (let j = 0; j < half; j++) {
          const at = n * C + head * D! + j;
          const cos = table![positions![n]! * D! + j]!;
          const sin = table![positions![n]! * D! + half + j]! * direction!;
          turned[at] = x[at]! * cos - x[at + half]! * sin;
          turned[at + half] = x[at + half]! * cos + x[at]! * sin;
        }
      }
    }
  };
  turn(q!, C_q!, turned_q!);
  turn(k!, C_k!, turned_k!);
};
