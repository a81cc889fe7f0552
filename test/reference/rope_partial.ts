import type { Reference } from './reference';

export const rope_partial: Reference = (values, { N, C_q, C_k, D, R, direction }) => {
  const { q, k, table, positions, turned_q, turned_k } = values;
  const half = R! / 2;
  const turn = (x: Float64Array, C: number, turned: Float64Array): void => {
    for (let n = 0; n < N!; n++) {
      for (let column = 0; column < C; column++) {
        const at = n * C + column;
        const c = column % D!;
        const angle = positions![n]! * R! + (c % half);
        const [cos, sin] = [table![angle]!, table![angle + half]! * direction!];
        if (c >= R!) turned[at] = x[at]!;
        else if (c < half) turned[at] = x[at]! * cos - x[at + half]! * sin;
        else turned[at] = x[at]! * cos + x[at - half]! * sin;
      }
    }
  };
  turn(q!, C_q!, turned_q!);
  turn(k!, C_k!, turned_k!);
};
