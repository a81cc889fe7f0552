import type { Reference } from './reference';

export const embedding: Reference = ({ ids, weight, y }, { N, C }) => {
  for (let n = 0; n < N!; n++) {
    for (let c = 0; c < C!; c++) y![n * C! + c] = weight![ids![n]! * C! + c]!;
  }
};
