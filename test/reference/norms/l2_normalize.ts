import type { Reference } from '../reference';

export const l2_normalize: Reference = ({ x, y, norm }, { N, C, eps }) => {
  for (let n = 0; n < N!; n++) {
    const row = x!.subarray(n * C!, (n + 1) * C!);
    norm![n] = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
    row.forEach((v, c) => {
      y![n * C! + c] = v / Math.max(norm![n]!, eps!);
    });
  }
};

export const l2_normalize_backward: Reference = ({ y, norm, dy, dx }, { N, C, eps }) => {
  for (let n = 0; n < N!; n++) {
    let along = 0;
    for (let i = n * C!; i < (n + 1) * C! && norm![n]! >= eps!; i++) along += y![i]! * dy![i]!;
    for (let i = n * C!; i < (n + 1) * C!; i++) dx![i] = (dy![i]! - y![i]! * along) / Math.max(norm![n]!, eps!);
  }
};
