import type { Reference } from '../reference';

export const rms_norm: Reference = ({ x, weight, y, rstd }, { N, C, eps, weight_offset }) => {
  for (let n = 0; n < N!; n++) {
    const row = x!.subarray(n * C!, (n + 1) * C!);
    const r = 1 / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / C! + eps!);
    rstd![n] = r;
    row.forEach((v, c) => {
      y![n * C! + c] = v * r * (weight![c]! + weight_offset!);
    });
  }
};

export const rms_norm_backward: Reference = ({ x, weight, rstd, dy, sum, dx }, { N, C, weight_offset, has_sum }) => {
  for (let n = 0; n < N!; n++) {
    const r = rstd![n]!;
    const h = (c: number): number => dy![n * C! + c]! * (weight![c]! + weight_offset!);
    let mean = 0;
    for (let c = 0; c < C!; c++) mean += (h(c) * x![n * C! + c]! * r) / C!;
    for (let c = 0; c < C!; c++) {
      const i = n * C! + c;
      dx![i] = (has_sum ? sum![i]! : 0) + r * (h(c) - x![i]! * r * mean);
    }
  }
};

export const rms_norm_weight_backward: Reference = ({ x, rstd, dy, dweight }, { N, C }) => {
  for (let n = 0; n < N!; n++) {
    for (let c = 0; c < C!; c++) dweight![c]! += dy![n * C! + c]! * x![n * C! + c]! * rstd![n]!;
  }
};
