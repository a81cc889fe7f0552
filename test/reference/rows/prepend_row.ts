import type { Reference } from '../reference';

export const prepend_row: Reference = ({ x, row, y }, { B, T, C }) => {
  for (let b = 0; b < B!; b++) {
    y!.set(row!.subarray(0, C), b * (T! + 1) * C!);
    y!.set(x!.subarray(b * T! * C!, (b + 1) * T! * C!), (b * (T! + 1) + 1) * C!);
  }
};
