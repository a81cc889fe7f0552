import type { Reference } from './reference';

export const embedding: Reference = ({ ids, weight, y }, { N, C, offset }) => {
  for (let n = 0; n < N!; n++) {
    for (let c = 0; c < C!; c++) y![n * C! + c] = weight![(ids![n]! + offset!) * C! + c]!;
  }
};

export const embedding_backward: Reference = ({ ids, dy, dw }, { N, C, offset, padding }) => {
  for (let n = 0; n < N!; n++) {
    if (ids![n] === padding) continue;
    for (let c = 0; c < C!; c++) dw![(ids![n]! + offset!) * C! + c]! += dy![n * C! + c]!;
  }
};
