import type { Reference } from '../reference';

export const prepend_rows: Reference = ({ x, rows, y }, { B, T, C, R }) => {
  for (let b = 0; b < B!; b++) {
    y!.set(rows!.subarray(0, R! * C!), b * (R! + T!) * C!);
    y!.set(x!.subarray(b * T! * C!, (b + 1) * T! * C!), (b * (R! + T!) + R!) * C!);
  }
};
